-- What auditors look at beside the journal: what happened at the doors, and what verifications found.

create schema audit;

-- Wrong PINs and log-ins of staff; locks, and everything about money, are in the journal.
create table audit.security_events (
  id       bigint      generated always as identity primary key,
  at       timestamptz not null default now(),
  kind     text        not null check (kind in ('pin_wrong', 'staff_logged_in', 'staff_refused')),
  -- The account number or the user name that was given, whether it exists or not.
  subject  text        not null,
  terminal text        not null
);

create table audit.verifications (
  id          bigint      generated always as identity primary key,
  started_by  text        not null,
  started_at  timestamptz not null default now(),
  -- Where the journal and the read model stood when it began.
  position    bigint      not null,
  verified    bigint      not null default 0,
  accounts    bigint,
  entries     bigint,
  -- The sum of all balances, as folded; not zero: the books are wrong.
  total       numeric,
  differences jsonb,
  -- Why it could not be carried through, in one sentence.
  failure     text,
  changed_at  timestamptz not null default now(),
  ended_at    timestamptz
);

grant usage on schema audit to grandlivre_server;
grant select, insert on audit.security_events to grandlivre_server;
grant select, insert, update on audit.verifications to grandlivre_server;
