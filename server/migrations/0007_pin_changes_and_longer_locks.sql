-- PINs that change, locks that grow, and sessions with a count, a terminal and a PIN of their own.

alter table access.pins
  -- Of the event that gave this PIN: an older one, sent again, changes nothing. 0: the account's first.
  add column position bigint not null default 0,
  -- A one-time PIN of the bank's: nothing else can be done until it is changed.
  add column must_change boolean not null default false;

-- An account number, or `session <hash>`: attempts within a session count apart.
alter table access.pin_attempts rename column account to subject;
-- Locks since the last right PIN: each is longer than the one before.
alter table access.pin_attempts add column locks integer not null default 0;

alter table access.sessions
  -- `access.pins.position` of the PIN it began with: a session whose PIN was changed elsewhere is none.
  add column pin_position bigint not null default 0,
  add column terminal text not null default 'desk',
  add column must_change_pin boolean not null default false,
  -- The digest of the PIN that this session replaced, so that the same change can be sent again.
  add column replaced_digest bytea;
create index sessions_account on access.sessions (account, created_at);
