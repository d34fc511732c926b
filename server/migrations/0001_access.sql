-- Who gets in: PIN verifiers, and the attempts that count against them.

create schema access;

create table access.pins (
  account  text primary key,
  -- Argon2id over an HMAC whose key is kept outside the database: a copy of this table cannot be searched for PINs.
  verifier text not null
);

-- Numbers that no account has are counted as well: they are answered alike.
create table access.pin_attempts (
  account      text        primary key,
  -- Wrong ones since the last right one, and those being checked just now.
  attempts     integer     not null,
  locked_until timestamptz,
  -- Whether the last one who asked may check a PIN.
  granted      boolean     not null,
  changed_at   timestamptz not null
);
create index pin_attempts_changed_at on access.pin_attempts (changed_at);

grant usage on schema access to grandlivre_server;
grant select, insert, update, delete on access.pins, access.pin_attempts to grandlivre_server;
