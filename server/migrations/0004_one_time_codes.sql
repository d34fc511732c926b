-- One-time codes for staff who want them.

alter table access.staff
  -- Sealed under a key that is kept outside the database; null: a password suffices.
  add column totp_secret bytea,
  -- The last time step a code was taken for: none is taken twice (RFC 6238, 5.2).
  add column totp_step bigint;

grant update (totp_step) on access.staff to grandlivre_server;
