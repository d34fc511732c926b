-- The master key can be replaced while the bank runs: each wrapped key says under which generation of it.

create table vault.master_keys (
  generation integer     primary key check (generation > 0),
  since      timestamptz not null default now()
);
insert into vault.master_keys (generation) values (1);

-- A generation is retired by deleting its row: that fails while a key is wrapped under it, and from then on nothing can
-- be wrapped under it, not even by a server that has not heard.
alter table vault.customer_keys add column generation integer not null default 1 references vault.master_keys;
alter table vault.customer_keys alter column generation drop default;

grant select on vault.master_keys to grandlivre_server, grandlivre_projector;
