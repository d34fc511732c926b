-- Names are compared without the difference between ı and i, the two small sigmas, ħ and h, ŧ and t, and apostrophes that
-- Unicode counts as letters: what was written before follows.
update read.customers
set search = btrim(regexp_replace(translate(search, 'ıςħŧʼʻ', 'iσht  '), ' +', ' ', 'g'))
where search ~ '[ıςħŧʼʻ]';
