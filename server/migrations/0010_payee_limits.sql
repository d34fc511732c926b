-- How often names were asked for and numbers tried that no account has, counted by all servers together.

create table access.payee_uses (
  name    text        not null check (name in ('checks_hourly', 'checks_daily', 'unknown')),
  -- An account, or the terminal or address that the calls came from.
  subject text        not null,
  uses    integer     not null,
  -- The count starts anew then.
  ends_at timestamptz not null,
  primary key (name, subject)
);
create index payee_uses_ends_at on access.payee_uses (ends_at);

grant select, insert, update, delete on access.payee_uses to grandlivre_server;
