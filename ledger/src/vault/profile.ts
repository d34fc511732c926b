/** A customer's personal data, as it is before sealing and after opening; never in an event in clear. */
export type Profile = {
  readonly lastName: string;
  readonly firstName: string;
  readonly address: string;
  readonly postalCode: string;
  readonly city: string;
  readonly landline?: string;
  readonly mobile?: string;
};
