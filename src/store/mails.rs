//! Mail on its way: an outbox that outlives the process.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
    records::int,
};
use serde_json::Value;

const SQL: &str = include_str!("../../sql/queries/mails.sql");
const QUEUE: Statement = Statement::named(SQL, "queue");
const ANY_DUE: Statement = Statement::named(SQL, "any_due");
const DUE: Statement = Statement::named(SQL, "due");
const CLAIM: Statement = Statement::named(SQL, "claim");
const SENT: Statement = Statement::named(SQL, "sent");
const FAILED: Statement = Statement::named(SQL, "failed");
const PUT_OFF: Statement = Statement::named(SQL, "put_off");
const WITHDRAW: Statement = Statement::named(SQL, "withdraw");
const LAST_ABOUT: Statement = Statement::named(SQL, "last_about");
const AFTER: Statement = Statement::named(SQL, "after");
const FORGET: Statement = Statement::named(SQL, "forget");

/// A letter about to be kept.
#[derive(Debug, Clone)]
pub struct NewMail<'a> {
    /// The id.
    pub id: &'a str,
    /// What kind of letter it is.
    pub kind: &'a str,
    /// The id of what it is about.
    pub about: &'a str,
    /// Whom it goes to.
    pub recipient: &'a str,
    /// What it says.
    pub content: &'a Value,
}

/// Keeps a letter until it is sent.
pub fn queue(tx: &WriteTx<'_>, organization: &str, mail: NewMail<'_>, now: i64) -> Result<(), DbError> {
    let content = mail.content.to_string();
    let args: [Arg<'_>; 7] = [
        organization.into(),
        mail.id.into(),
        mail.kind.into(),
        mail.about.into(),
        mail.recipient.into(),
        (&content).into(),
        now.into(),
    ];
    tx.execute(QUEUE, &args).map(drop)
}

/// A letter that is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// The organization.
    pub organization: String,
    /// The id.
    pub id: String,
    /// What kind of letter it is.
    pub kind: String,
    /// The id of what it is about.
    pub about: String,
    /// Whom it goes to.
    pub recipient: String,
    /// What it says.
    pub content: Value,
    /// How often it was tried before.
    pub attempts: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Whether a letter is due.
pub fn any_due(tx: &ReadTx<'_>, now: i64) -> Result<bool, DbError> {
    Ok(tx.one(ANY_DUE, &[now.into()], |row| row.get::<i64>(0))?.is_some())
}

/// Takes at most so many letters that are due: whoever takes one has until a time, then it is due again.
pub fn claim(tx: &WriteTx<'_>, now: i64, until: i64, at_most: usize) -> Result<Vec<Due>, DbError> {
    let due = tx.rows(DUE, &[now.into(), int(at_most).into()], |row| {
        Ok(Due {
            organization: row.get(0)?,
            id: row.get(1)?,
            kind: row.get(2)?,
            about: row.get(3)?,
            recipient: row.get(4)?,
            content: serde_json::from_str(&row.get::<String>(5)?)?,
            attempts: row.get(6)?,
            created_at: row.get(7)?,
        })
    })?;
    for mail in &due {
        tx.execute(CLAIM, &[(&mail.organization).into(), (&mail.id).into(), until.into()])?;
    }
    Ok(due)
}

/// Notes that a letter is out.
pub fn sent(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(SENT, &[organization.into(), id.into(), now.into()]).map(drop)
}

/// Notes that a letter will not be tried again.
pub fn failed(tx: &WriteTx<'_>, organization: &str, id: &str, reason: &str) -> Result<(), DbError> {
    tx.execute(FAILED, &[organization.into(), id.into(), reason.into()]).map(drop)
}

/// Notes that a letter is to be tried again at a time.
pub fn put_off(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    reason: &str,
    next_at: i64,
) -> Result<(), DbError> {
    tx.execute(PUT_OFF, &[organization.into(), id.into(), reason.into(), next_at.into()]).map(drop)
}

/// Withdraws the letters about something that are not out yet.
pub fn withdraw(tx: &WriteTx<'_>, organization: &str, about: &str, reason: &str) -> Result<(), DbError> {
    tx.execute(WITHDRAW, &[organization.into(), about.into(), reason.into()]).map(drop)
}

/// What is known of a letter; never what it says.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The id of what it is about.
    pub about: String,
    /// The id.
    pub id: String,
    /// What kind of letter it is.
    pub kind: String,
    /// Whom it goes to.
    pub recipient: String,
    /// `queued`, `sent` or `failed`.
    pub state: String,
    /// Why it is not sent yet, or will not be.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// When it was sent.
    pub sent_at: Option<i64>,
}

/// The last letter about something, if there is one.
pub fn last_about(tx: &ReadTx<'_>, organization: &str, about: &str) -> Result<Option<Listed>, DbError> {
    tx.one(LAST_ABOUT, &[organization.into(), about.into()], listed)
}

/// At most `count` letters, of those whose id comes after one.
pub fn after(tx: &ReadTx<'_>, organization: &str, after: &str, count: usize) -> Result<Vec<Listed>, DbError> {
    tx.rows(AFTER, &[organization.into(), after.into(), int(count).into()], listed)
}

/// Forgets the letters that are out or failed and were written before a time.
pub fn forget(tx: &WriteTx<'_>, organization: &str, before: i64) -> Result<(), DbError> {
    tx.execute(FORGET, &[organization.into(), before.into()]).map(drop)
}

fn listed(row: &Row<'_>) -> Result<Listed, DbError> {
    Ok(Listed {
        about: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        recipient: row.get(3)?,
        state: row.get(4)?,
        reason: row.get(5)?,
        attempts: row.get(6)?,
        created_at: row.get(7)?,
        sent_at: row.get(8)?,
    })
}
