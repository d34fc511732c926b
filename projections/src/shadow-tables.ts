/** The tables of a rebuild: made beside those in use as these are today, and swapped with them in one step. */
import type pg from 'pg';

/** Columns, keys and indexes come with `like`; storage settings, statistics' targets, references and rights do not. */
const makeTables = `
  do $$
  declare
    made record;
  begin
    for made in
      select relname as name, array_to_string(reloptions, ', ') as settings
      from pg_class where relnamespace = 'read'::regnamespace and relkind = 'r'
    loop
      execute format('create table read_next.%I (like read.%I including all)', made.name, made.name);
      if made.settings is not null then
        execute format('alter table read_next.%I set (%s)', made.name, made.settings);
      end if;
    end loop;
    for made in
      select relname as name, attname, attstattarget as target
      from pg_attribute join pg_class t on t.oid = attrelid
      where relnamespace = 'read'::regnamespace and relkind = 'r' and attstattarget is not null and not attisdropped
    loop
      execute format('alter table read_next.%I alter column %I set statistics %s', made.name, made.attname, made.target);
    end loop;
    for made in
      select relname as name, conname, pg_get_constraintdef(c.oid) as definition
      from pg_constraint c join pg_class t on t.oid = conrelid
      where connamespace = 'read'::regnamespace and contype = 'f'
    loop
      execute format('alter table read_next.%I add constraint %I %s', made.name, made.conname, made.definition);
    end loop;
    for made in
      select table_name as name, privilege_type as privilege, grantee
      from information_schema.role_table_grants
      where table_schema = 'read' and grantee like 'grandlivre\\_%'
    loop
      execute format('grant %s on read_next.%I to %I', made.privilege, made.name, made.grantee);
    end loop;
  end $$`;

/** What a rebuild before left unfinished goes first. */
export async function makeShadowTables(owner: pg.Client): Promise<void> {
  await owner.query('begin');
  await owner.query('drop schema if exists read_next cascade');
  await owner.query('create schema read_next');
  await owner.query('grant usage on schema read_next to grandlivre_server, grandlivre_projector');
  await owner.query(makeTables);
  await owner.query('insert into read_next.checkpoint (position) values (0)');
  await owner.query('commit');
}

/**
 * Runs inside the caller's transaction, which holds the checkpoint. Only names change, so no reader is waited for; who
 * is in the middle of a question ends it on the old tables.
 */
export async function swapTables(owner: pg.Client): Promise<void> {
  await owner.query('drop schema if exists read_old cascade');
  await owner.query('alter schema read rename to read_old');
  await owner.query('alter schema read_next rename to read');
}
