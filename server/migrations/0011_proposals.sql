-- What waits for a second person of the staff. The journal has who proposed what and why, and a hash of the content.

create schema operations;

create table operations.proposals (
  id                uuid        primary key,
  -- What an approval carries out, as canonical JSON.
  content           text        not null,
  stored_at         timestamptz not null default now(),
  expires_at        timestamptz not null,
  -- Where its event is in the journal; null until that is known to be there.
  position          bigint      unique,
  -- Where the event of the decision is.
  decision_position bigint,
  carried_out_at    timestamptz
);

grant usage on schema operations to grandlivre_server;
grant select, insert, update, delete on operations.proposals to grandlivre_server;
