-- The database remembers which journal it belongs to: a mistyped setting never mixes two banks.

create table journal.identity (
  only_row    boolean primary key default true check (only_row),
  store       text    not null check (store in ('postgresql', 'event log')),
  -- Names the stream in an event log.
  ledger      text    check ((store = 'event log') = (ledger is not null)),
  -- Null while the journal is empty.
  first_event uuid,
  -- Null: the sample bank was never begun.
  sample      text    check (sample in ('under way', 'imported'))
);

-- A journal may move to another store; its first event stays what it is.
create function journal.refuse_other_journal() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and (old.first_event is null or new.first_event = old.first_event) then return new; end if;
  raise exception 'the journal of this database never changes: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;

create trigger same_journal before update or delete on journal.identity
  for each row execute function journal.refuse_other_journal();

grant select, insert, update (first_event) on journal.identity to grandlivre_server, grandlivre_projector;
grant update (sample) on journal.identity to grandlivre_server;
