-- One-time codes' secrets say under which generation of the master key they are sealed.

alter table access.staff
  add column totp_generation integer references vault.master_keys;
update access.staff set totp_generation = 1 where totp_secret is not null;
alter table access.staff add check ((totp_secret is null) = (totp_generation is null));
