-- The read model: what the bank knows. All of it is derived from the journal and can be built again from it.

create schema read;

-- Where the projector stands: every other table holds exactly what the journal says up to `position`.
create table read.checkpoint (
  only_row   boolean     primary key default true check (only_row),
  position   bigint      not null,
  updated_at timestamptz not null default now(),
  -- Why the projector gave up, in one sentence; null while it works.
  halted     text
);
insert into read.checkpoint (position) values (0);

-- Holders' names in clear, for the search. They go in the moment the customer's key is destroyed.
create table read.customers (
  customer   text collate "C" primary key,
  key_id     uuid not null references vault.customer_keys on delete cascade,
  first_name text not null,
  last_name  text not null,
  -- Both names without case and accents, folded by the projector, so that no extension is needed.
  search     text collate "C" not null
);
create index on read.customers (key_id);

create table read.accounts (
  account      text collate "C" primary key,
  -- Customers' accounts are listed in the order of their numbers; the bank's own have none.
  number       bigint generated always as (case when account ~ '^[1-9][0-9]{0,14}$' then account::bigint end) stored unique,
  currency     text   not null,
  status       text   not null default 'open',
  floor        bigint not null,
  customer     text collate "C",
  account_type text,
  locked_until timestamptz,
  opened_at    timestamptz
);
create index on read.accounts (customer);
create index on read.accounts (account_type, number);

-- What changes with every posting, in narrow rows apart from what seldom does. Half of each page stays free, so that
-- the new balance finds room beside the old one and no index is touched.
create table read.balances (
  account text collate "C" primary key,
  version bigint not null,
  balance bigint not null
) with (fillfactor = 50);

-- One row for each posting, as its account's holder sees it.
create table read.entries (
  account      text collate "C",
  version      bigint,
  position     bigint      not null,
  posting      smallint    not null,
  type         text        not null,
  recorded_at  timestamptz not null,
  value_date   date        not null,
  amount       bigint      not null,
  balance      bigint      not null,
  counterparty text collate "C",
  -- The event's own words, where it has some; the others follow from the type.
  label        text,
  reference    text,
  primary key (account, version)
);

-- Events that touch an account without a posting; those with one are found through the entries.
create table read.account_events (
  account  text collate "C",
  position bigint,
  primary key (account, position)
);

-- Where each command's first event stands. The key is a digest of the command id: short, and only ever looked up.
create table read.idempotency_keys (
  key      uuid   primary key,
  position bigint not null
);

grant usage on schema read to grandlivre_server, grandlivre_projector;
grant select on all tables in schema read to grandlivre_server;
grant select, insert, update on all tables in schema read to grandlivre_projector;
