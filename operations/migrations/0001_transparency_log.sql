-- The transparency log: the tree over the journal's events in tiles, and the last checkpoint that was signed.

do $$
begin
  create role grandlivre_signer nologin;
exception when duplicate_object or unique_violation then null;
end $$;

grant grandlivre_signer to current_user;

create schema log;

-- A row grows until its tile is full: a partial tile is the beginning of every later one.
create table log.tiles (
  level  smallint not null check (level between 0 and 6),
  index  bigint   not null check (index >= 0),
  hashes bytea    not null check (octet_length(hashes) % 32 = 0 and octet_length(hashes) between 32 and 8192),
  primary key (level, index)
);
-- Hashes cannot be compressed.
alter table log.tiles alter column hashes set storage external;

create function log.refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.level = old.level and new.index = old.index
     and substring(new.hashes for octet_length(old.hashes)) = old.hashes then return new; end if;
  raise exception 'tiles only grow: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;

create trigger grows_only before update or delete on log.tiles for each row execute function log.refuse_change();

create table log.checkpoint (
  only_row      boolean     primary key default true check (only_row),
  origin        text        not null,
  -- The key's public half, as verifiers take it.
  vkey          text        not null,
  -- 0 and null until something was signed.
  size          bigint      not null default 0 check (size >= 0),
  note          text        check ((note is null) = (size = 0)),
  signed_at     timestamptz,
  -- The last one that enough witnesses cosigned.
  cosigned_size bigint,
  cosigned_note text,
  cosigned_at   timestamptz,
  -- Why the signer signs nothing any more.
  stopped       text
);

grant usage on schema journal, log to grandlivre_signer;
grant select on journal.events, journal.identity to grandlivre_signer;
grant select, insert, update on log.tiles, log.checkpoint to grandlivre_signer;
grant usage on schema log to grandlivre_server;
grant select on log.tiles, log.checkpoint to grandlivre_server;
