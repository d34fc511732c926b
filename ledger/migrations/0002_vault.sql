-- The vault: one wrapped key a customer. Deleting a key erases the person and leaves every event intact.

create schema vault;

create table vault.customer_keys (
  key_id     uuid        primary key,
  -- AES-256-GCM under the master key, which is kept outside the database.
  wrapped    bytea       not null,
  created_at timestamptz not null default now()
);

grant usage on schema vault to grandlivre_server, grandlivre_projector;
grant select, insert, delete on vault.customer_keys to grandlivre_server;
grant select on vault.customer_keys to grandlivre_projector;
