-- The planner's statistics keep copies of the values they were made from: none are made of names.

alter table read.customers
  alter column first_name set statistics 0,
  alter column last_name set statistics 0,
  alter column search set statistics 0;
-- Those there were are forgotten.
select pg_clear_attribute_stats('read', 'customers', name, false) from unnest('{first_name,last_name,search}'::text[]) as name;
