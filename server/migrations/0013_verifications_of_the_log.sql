-- What a verification compared with the transparency log: how far it was signed and cosigned, and which witnesses answered.
alter table audit.verifications add column log jsonb;
