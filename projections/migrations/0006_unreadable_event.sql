-- The event at which the projector waits because it cannot be read, and why; null while there is none.

alter table read.checkpoint
  add column unreadable_position bigint,
  add column unreadable_reason text,
  add constraint unreadable_is_whole check ((unreadable_position is null) = (unreadable_reason is null));
