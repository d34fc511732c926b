-- Staff log-ins are counted apart for each browser that logged in before, and failures by the source they come from.

alter table access.staff_attempts
  -- The device's id, or `certificate <name>`; empty: whoever shows neither.
  add column device text not null default '',
  drop constraint staff_attempts_pkey,
  add primary key (username, device);

-- A bucket for each source of wrong PINs and passwords: so many at `at`, flowing off since.
create table access.source_failures (
  -- A terminal's name, an IPv4 address or an IPv6 /64.
  source text             primary key,
  failed double precision not null,
  at     timestamptz      not null
);

grant select, insert, update, delete on access.source_failures to grandlivre_server;
