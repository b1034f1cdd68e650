-- People.
CREATE TABLE IF NOT EXISTS app."Users" (
  id int, name text default 'a;b'
);
INSERT INTO x VALUES (1);
CREATE OR REPLACE FUNCTION f(a int) RETURNS int AS $$
BEGIN
  RETURN 1;
END;
$$ LANGUAGE plpgsql;
create procedure p()
begin
  if a then
    select case when 1 then 2 end;
  end if;
  drop table if exists q;
end;
create index i on t(a);
create view v as select 1
