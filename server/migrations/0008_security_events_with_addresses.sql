-- Security events say which address they came from, and are deleted after their retention period.

alter table audit.security_events
  add column address text,
  drop constraint security_events_kind_check,
  add constraint security_events_kind_check
    check (kind in ('pin_wrong', 'staff_logged_in', 'staff_refused', 'session_elsewhere'));
create index security_events_at on audit.security_events (at);

-- The server may delete none but by age: what it recorded of today it cannot take back.
create function audit.sweep_security_events(keep_days integer) returns void
language sql security definer set search_path = ''
as $$
  delete from audit.security_events where at < now() - make_interval(days => greatest(keep_days, 1))
$$;
revoke all on function audit.sweep_security_events(integer) from public;
grant execute on function audit.sweep_security_events(integer) to grandlivre_server;
