/** Somebody whose every word is found where it should not be: none of them stands anywhere else. */

export const unmistakablePerson = {
  pin: '8642',
  lastName: 'Quidproquo',
  firstName: 'Wilhelmine',
  address: '3 rue Introuvable',
  postalCode: '97531',
  city: 'Sansnomville',
  landline: '0555864213',
  mobile: '0666975312',
  accountType: 'current',
};
