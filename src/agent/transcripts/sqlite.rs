//! Stores that are SQLite databases: every text in every table, whatever the agent calls them.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::context::Reader;
use super::rewrite::{Place, Teller, shown};
use super::{Sighting, Store, Trouble};
use crate::agent::text::Scanner;

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Trouble::InUse("the database is locked")
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Trouble::Malformed("it is no SQLite database, or a broken one".to_owned())
            }
            // Its words may quote a value.
            Some(code) => Trouble::Malformed(format!("SQLite says {code:?}")),
            None => Trouble::Malformed("SQLite cannot read it".to_owned()),
        }
    }
}

/// A table with its columns, by their quoted names.
struct Table {
    name: String,
    columns: Vec<String>,
    /// An index of words keeps these rows: to change them would break it.
    shadow: bool,
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Trouble> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_millis(500))?;
    Ok(connection)
}

/// The tables whose rows have numbers, and the names of those that have none.
fn tables(connection: &Connection) -> Result<(Vec<Table>, Vec<String>), Trouble> {
    let mut all = Vec::new();
    let mut unread = Vec::new();
    let mut list = connection.prepare("PRAGMA main.table_list")?;
    let mut rows = list.query([])?;
    while let Some(row) = rows.next()? {
        let (name, kind): (String, String) = (row.get("name")?, row.get("type")?);
        let without: bool = row.get("wr")?;
        if kind == "view" || kind == "virtual" || name.starts_with("sqlite_") {
            continue;
        }
        if without {
            unread.push(name);
            continue;
        }
        let mut info = connection.prepare(&format!("PRAGMA main.table_info({})", quoted(&name)))?;
        let columns = info.query_map([], |row| row.get::<_, String>("name"))?;
        let columns = columns.map(|name| name.map(|name| quoted(&name)));
        all.push(Table {
            columns: columns.collect::<Result<_, _>>()?,
            shadow: kind == "shadow",
            name: quoted(&name),
        });
    }
    Ok((all, unread))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Tells what is in a database.
pub fn scan(
    store: &Store,
    scanner: &mut Scanner<'_>,
    tell: &mut dyn FnMut(Sighting),
) -> Result<(), Trouble> {
    let connection = open(&store.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (tables, unread) = tables(&connection)?;
    for table in &tables {
        for number in rows(&connection, table)? {
            visit(&connection, table, number, store, scanner, tell)?;
        }
    }
    incomplete(unread)
}

/// A table that was not read is said to be.
fn incomplete(unread: Vec<String>) -> Result<(), Trouble> {
    match unread.is_empty() {
        true => Ok(()),
        false => Err(Trouble::Malformed(format!(
            "{} of its tables have no row numbers and were not read",
            unread.len()
        ))),
    }
}

/// Covers what is in a database, in one transaction, and writes it anew so that nothing is left in free pages. How many
/// secrets there were.
pub fn scrub(
    store: &Store,
    scanner: &mut Scanner<'_>,
    tell: &mut dyn FnMut(Sighting),
    dry_run: bool,
) -> Result<u64, Trouble> {
    let flags = match dry_run {
        true => OpenFlags::SQLITE_OPEN_READ_ONLY,
        false => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = open(&store.path, flags)?;
    let mut covered = 0;
    if !dry_run {
        connection.execute_batch("PRAGMA secure_delete = ON; BEGIN EXCLUSIVE")?;
    }
    let (tables, unread) = tables(&connection)?;
    let mut kept = 0;
    for table in &tables {
        for number in rows(&connection, table)? {
            let mut here = 0;
            let changes = visit(
                &connection,
                table,
                number,
                store,
                scanner,
                &mut |sighting| {
                    here += 1;
                    tell(sighting);
                },
            )?;
            if table.shadow {
                kept += here;
                continue;
            }
            covered += here;
            for (column, value) in changes.into_iter().filter(|_| !dry_run) {
                let sql = format!(
                    "UPDATE main.{} SET {column} = ?1 WHERE rowid = ?2",
                    table.name
                );
                connection.execute(&sql, (value, number))?;
            }
        }
    }
    if !dry_run {
        connection.execute_batch("COMMIT")?;
    }
    if !dry_run && covered > 0 {
        // The log and the free pages hold what was there before.
        connection.execute_batch(
            "PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
        )?;
    }
    if kept > 0 {
        let what = format!("{kept} secrets stand in an index of words and were left there");
        return Err(Trouble::Malformed(what));
    }
    incomplete(unread)?;
    Ok(covered)
}

fn rows(connection: &Connection, table: &Table) -> Result<Vec<i64>, Trouble> {
    let mut statement = connection.prepare(&format!("SELECT rowid FROM main.{}", table.name))?;
    let numbers = statement.query_map([], |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}

/// Tells what is in a row, and gives the columns that hold a secret as they are without.
fn visit(
    connection: &Connection,
    table: &Table,
    number: i64,
    store: &Store,
    scanner: &mut Scanner<'_>,
    tell: &mut dyn FnMut(Sighting),
) -> Result<Vec<(String, Sql)>, Trouble> {
    let columns = table.columns.join(", ");
    let sql = format!("SELECT {columns} FROM main.{} WHERE rowid = ?1", table.name);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([number])?;
    let mut changes = Vec::new();
    let Some(row) = rows.next()? else {
        return Ok(changes);
    };
    let mut label = None;
    for (at, column) in table.columns.iter().enumerate() {
        let value = row.get_ref(at)?;
        let (bytes, is_text) = match value {
            ValueRef::Text(bytes) => (bytes, true),
            ValueRef::Blob(bytes) => (bytes, false),
            _ => continue,
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            continue;
        };
        let name = format!(
            "{}{}",
            shown(&store.path),
            place(scanner, table, label, number)
        );
        label.get_or_insert(text);
        let mut teller = Teller {
            name: &name,
            reader: Reader::default(),
            tell,
        };
        let start = Place { line: 1, offset: 0 };
        if let Some(new) = teller.json(scanner, text, start, false)? {
            let new = match is_text {
                true => Sql::Text(new),
                false => Sql::Blob(new.into_bytes()),
            };
            changes.push((column.clone(), new));
        }
    }
    Ok(changes)
}

/// `#table=…,row=…`: by the row's first text where it is short and no secret, as keys are, else by its number.
fn place(scanner: &mut Scanner<'_>, table: &Table, label: Option<&str>, number: i64) -> String {
    let plain = |text: &&str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b);
        (1..=120).contains(&text.len()) && text.bytes().all(fits)
    };
    let label = label
        .filter(plain)
        .filter(|text| scanner.hits("", text).is_empty());
    let row = label.map_or_else(|| number.to_string(), str::to_owned);
    format!("#table={},row={row}", table.name.trim_matches('"'))
}
