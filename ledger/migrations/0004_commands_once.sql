-- A command's key stands in the journal's own table, where the database itself refuses to write it a second time.

-- The first 128 bits of the SHA-256 of the command id; null for metadata without one. The database's encoding never
-- changes, so the same text always gives the same key.
create function journal.command_key(metadata text) returns uuid language sql immutable strict parallel safe as $$
  select encode(substring(sha256(convert_to(metadata::json ->> 'commandId', 'UTF8')) for 16), 'hex')::uuid
$$;

alter table journal.events
  add column command_key uuid generated always as (journal.command_key(metadata)) stored;

-- No command writes two events of one type. Where an earlier version carried a command out twice, history stays as it is
-- and the rule holds from there on.
do $$
declare
  last_double bigint;
begin
  select coalesce(max(position), 0) into last_double
    from (select max(position) as position from journal.events where command_key is not null
          group by command_key, type having count(*) > 1) doubles;
  if last_double > 0 then
    raise warning 'a command was carried out twice, the last one at position %: see the verification', last_double;
    create index events_by_command on journal.events (command_key);
  end if;
  execute format(
    'create unique index command_once on journal.events (command_key, type) %s',
    case when last_double > 0 then format('where position > %s', last_double) else '' end);
end $$;
