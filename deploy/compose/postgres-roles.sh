#!/bin/sh
# Run once by the image of PostgreSQL on an empty volume: the two roles of docs/own-servers.md.
set -eu
psql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 --set "owner=$RJ_OWNER_PASSWORD" --set "app=$RJ_APP_PASSWORD" <<'SQL'
CREATE ROLE rj_owner LOGIN PASSWORD :'owner' CREATEROLE;
CREATE ROLE rj_app LOGIN PASSWORD :'app';
GRANT rj_app TO rj_owner WITH ADMIN TRUE;
CREATE DATABASE rj OWNER rj_owner;
SQL
