-- Sessions of customers and staff, and who the staff are.

create table access.sessions (
  -- SHA-256 of the token: a copy of this table opens no session.
  token_hash   bytea       primary key,
  account      text        not null,
  pin_digest   bytea       not null,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at   timestamptz not null
);
create index sessions_expires_at on access.sessions (expires_at);

create table access.staff (
  username      text        primary key,
  password_hash text        not null,
  role          text        not null check (role in ('auditor', 'operator')),
  created_at    timestamptz not null default now()
);

-- By name, also of those who do not exist: they are answered the same.
create table access.staff_attempts (
  username     text        primary key,
  failed       integer     not null,
  locked_until timestamptz,
  last_at      timestamptz not null default now()
);

create table access.staff_sessions (
  token_hash   bytea       primary key,
  username     text        not null references access.staff on delete cascade,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at   timestamptz not null
);

grant select, insert, update, delete on access.sessions, access.staff_sessions, access.staff_attempts
  to grandlivre_server;
grant select, insert on access.staff to grandlivre_server;
