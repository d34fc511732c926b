-- A check value of each secret that is kept outside the database: a lost or exchanged file is noticed before it is used.

create schema secrets;

create table secrets.check_values (
  -- The file's name.
  name  text  primary key,
  -- HMAC-SHA-256 of a constant under the secret: tells whether a secret is the right one, and nothing about it.
  value bytea not null check (octet_length(value) = 32)
);

grant usage on schema secrets to grandlivre_server, grandlivre_projector;
grant select, insert on secrets.check_values to grandlivre_server;
grant select on secrets.check_values to grandlivre_projector;
