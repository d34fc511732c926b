-- A list of verifications says how many differences each found, without reading them.
alter table audit.verifications
  add column difference_count integer generated always as (jsonb_array_length(differences)) stored;
