-- What the overview and the trial balance show, kept up by the projector: neither reads every entry or account.

-- Of customers' entries by the day they count for.
create table read.daily_totals (
  day        date    primary key,
  deposits   numeric not null,
  outflow    numeric not null,
  transfers  numeric not null,
  operations bigint  not null
);

-- Of all accounts by kind: customers', and each of the bank's own.
create table read.kind_totals (
  kind     text collate "C" primary key,
  accounts bigint  not null,
  balance  numeric not null
);

-- Of customers' accounts.
create table read.status_totals (
  status   text collate "C" primary key,
  accounts bigint not null
);

-- Few accounts are locked at a time.
create index on read.accounts (locked_until) where locked_until is not null;

grant select on read.daily_totals, read.kind_totals, read.status_totals to grandlivre_server;
grant select, insert, update on read.daily_totals, read.kind_totals, read.status_totals to grandlivre_projector;

-- No batch comes between what is read here and what the projector adds to it.
lock table read.checkpoint in exclusive mode;

with reversed_transfers as (
  select position from read.entries where type = 'reversal' and account ~ '^[1-9]'
  group by position having count(*) > 1
), customer_entries as (
  select value_date, amount, counterparty is not null or r.position is not null as is_between
  from read.entries e left join reversed_transfers r on e.type = 'reversal' and r.position = e.position
  where account ~ '^[1-9]'
)
insert into read.daily_totals (day, deposits, outflow, transfers, operations)
select value_date,
       coalesce(sum(amount) filter (where amount > 0 and not is_between), 0),
       coalesce(-sum(amount) filter (where amount < 0 and not is_between), 0),
       coalesce(sum(amount) filter (where amount > 0 and is_between), 0),
       count(*)
from customer_entries group by value_date;

insert into read.kind_totals (kind, accounts, balance)
select case when number is null then split_part(account, ':', 1) else 'customer' end as kind, count(*), sum(balance)
from read.accounts join read.balances using (account) group by 1;

insert into read.status_totals (status, accounts)
select status, (select count(*) from read.accounts a where a.number is not null and a.status = one.status)
from unnest('{open,frozen,closed}'::text[]) as one (status)
where exists (select from read.accounts where number is not null);
