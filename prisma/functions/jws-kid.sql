-- The key id in the header of a compact JWS (RFC 7515 section 7.1); of anything else 'unnamed'.
CREATE OR REPLACE FUNCTION jws_kid(jws text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  header text := translate(split_part(jws, '.', 1), '-_', '+/');
BEGIN
  RETURN COALESCE(convert_from(decode(rpad(header, (length(header) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> 'kid', 'unnamed');
EXCEPTION WHEN OTHERS THEN
  RETURN 'unnamed';
END $$;
