-- The verification compares the entries of a range of positions at once.
create index on read.entries (position);
