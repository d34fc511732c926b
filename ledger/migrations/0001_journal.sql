-- The journal: one append-only table whose primary key is the position, and the two roles that may use the database.

do $$
begin
  create role grandlivre_server nologin;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  create role grandlivre_projector nologin;
exception when duplicate_object or unique_violation then null;
end $$;

grant grandlivre_server, grandlivre_projector to current_user;

create schema journal;

create table journal.events (
  position bigint primary key check (position > 0),
  id       uuid   not null,
  type     text   not null,
  -- The exact JSON texts that were written: what is hashed is what is kept.
  data     text   not null,
  metadata text   not null
);

-- Nobody edits history, not even the table's owner by mistake.
create function journal.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the journal is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on journal.events
  for each statement execute function journal.refuse_change();

-- Waking those who follow; sent at commit, one for each append.
create function journal.wake_followers() returns trigger language plpgsql as $$
begin
  perform pg_notify('journal', '');
  return null;
end $$;

create trigger wake_followers after insert on journal.events
  for each statement execute function journal.wake_followers();

-- For people who look with psql.
create view journal.readable as
  select position, type, data::jsonb as data, metadata::jsonb as metadata, id from journal.events;

grant usage on schema journal to grandlivre_server, grandlivre_projector;
grant select, insert on journal.events to grandlivre_server;
grant select on journal.events to grandlivre_projector;
grant select on journal.readable to grandlivre_server, grandlivre_projector;
