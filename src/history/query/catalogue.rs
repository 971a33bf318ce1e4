//! What can be asked about: the public views and their columns, read from the schema itself.

use rusqlite::Connection;

use super::super::schema::{SchemaError, create_or_migrate};

/// A view, and its columns in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub name: String,
    pub columns: Vec<String>,
}

/// The views of today's schema, the one of connections first.
///
/// # Errors
/// When SQLite cannot make a database in memory.
pub fn views() -> Result<Vec<View>, SchemaError> {
    let mut database = Connection::open_in_memory()?;
    create_or_migrate(&mut database)?;
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY rowid")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut columns = database.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    names
        .into_iter()
        .map(|name| {
            let columns = columns.query_map([&name], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(View { name, columns })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_views_are_told_with_their_columns() {
        let views = super::views().unwrap();
        assert_eq!(views[0].name, "connections");
        assert!(views[0].columns.iter().any(|column| column == "peer"), "{views:?}");
        assert!(views.len() >= 2 && views.iter().all(|view| !view.columns.is_empty()), "{views:?}");
    }
}
