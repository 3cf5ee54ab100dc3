//! Lists of the project's queues that its count leaves out.
//!
//! kombu's Redis transport lets an application choose what stands before each key (`global_keyprefix`), between a
//! queue and a priority (`sep`) and which priorities there are (`priority_steps`). Where the configuration has another
//! one than the application, the lists that are looked at are empty and nothing else shows it. So the keyspace is
//! looked through for lists that bear a queue's name, a piece at a time, and each is asked for its last message: only
//! a message that was sent to this very queue makes the list one of its. A queue of another name, such as `celery-2`
//! beside `celery`, has others.

use std::collections::BTreeSet;

use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;

use crate::model::Remedy;
use crate::observe::measure::queue::redis::keys::Keys;
use crate::observe::measure::queue::redis::{Place, Uncounted};

/// Keys that one `SCAN` looks at, and how many follow one another in a look: 50 000 keys, some 15 ms of the server's
/// time in pieces of 0.3 ms.
const PIECE: u32 = 1000;
const PIECES: u32 = 50;

/// Most lists that are remembered and asked for their last message.
const MOST_LISTS: usize = 32;

/// Most lists that are named.
const MOST_NAMED: usize = 3;

/// Most databases that are looked at for other places.
const MOST_DATABASES: usize = 16;

/// Length of each list, and where its last message was sent: exchange and routing key, with empty texts for what is no
/// message of kombu's. Only these cross the wire: tasks may be large.
const LISTS: &str = "local found = {}
for i, key in ipairs(KEYS) do
  local length, exchange, routing_key = 0, '', ''
  if redis.call('TYPE', key).ok == 'list' then
    length = redis.call('LLEN', key)
    local read, message = pcall(cjson.decode, redis.call('LINDEX', key, -1) or '')
    if read and type(message) == 'table' and type(message.properties) == 'table'
        and type(message.properties.delivery_info) == 'table' then
      exchange = tostring(message.properties.delivery_info.exchange or '')
      routing_key = tostring(message.properties.delivery_info.routing_key or '')
    end
  end
  found[i] = {length, exchange, routing_key}
end
return found";

/// In each database, the first keys of the table that every worker with remote control has entered itself in.
const TABLES: &str = "local found = {}
for i, database in ipairs(ARGV) do
  redis.call('SELECT', database)
  found[i] = redis.call('SCAN', 0, 'MATCH', '*_kombu.binding.celery.pidbox', 'COUNT', 10000)[2]
end
return found";

/// The end of that table's key; before it stands the key prefix.
const TABLE: &[u8] = b"_kombu.binding.celery.pidbox";

/// Where the next piece of the keyspace begins, and what earlier ones had.
#[derive(Debug, Default)]
pub(super) struct Audit {
    cursor: u64,
    /// Which of the queues is looked for.
    queue: usize,
    seen: BTreeSet<Vec<u8>>,
}

/// How a list bears a queue's name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// With this before it, and perhaps a priority behind it.
    Prefix(Vec<u8>),
    /// With this priority step behind it.
    Step(u32),
    /// With this separator and a number behind it.
    Separator(Vec<u8>),
}

impl Audit {
    /// The next pieces of the keyspace, and what is known from all.
    pub(super) async fn look(
        &mut self,
        connection: &mut MultiplexedConnection,
        keys: &Keys,
        queues: &[String],
    ) -> Result<Vec<Uncounted>, RedisError> {
        let counted: BTreeSet<Vec<u8>> = queues.iter().flat_map(|queue| keys.lists(queue)).collect();
        self.scan(connection, queues, &counted).await?;
        let candidates: Vec<Vec<u8>> = self.seen.iter().cloned().collect();
        let lists: Vec<(u64, String, String)> = if candidates.is_empty() {
            Vec::new()
        } else {
            ::redis::cmd("EVAL")
                .arg(LISTS)
                .arg(candidates.len())
                .arg(&candidates)
                .query_async(connection)
                .await?
        };
        let mut found = Vec::new();
        for (key, (length, exchange, routing_key)) in candidates.into_iter().zip(lists) {
            if length == 0 {
                self.seen.remove(&key);
                continue;
            }
            let named = queues
                .iter()
                .find_map(|queue| Some((queue, name(keys, queue, &key)?)));
            let Some((queue, name)) = named else { continue };
            // kombu's own separator stands in no queue's name.
            let its = matches!(name, Name::Step(_))
                || routing_key == *queue
                || is_bound(connection, keys, queue, &name, (&exchange, &routing_key)).await?;
            if its {
                found.push((key, length, name));
            }
        }
        let others = found.iter().any(|(.., name)| matches!(name, Name::Prefix(_)));
        if (others || found.is_empty()) && alive(connection, keys, queues).await? {
            // Another application's, which bears its prefix so as to be told from this one.
            found.retain(|(.., name)| !matches!(name, Name::Prefix(_)));
            return Ok(told(keys, found));
        }
        if found.is_empty() {
            let places = places(connection, keys).await.unwrap_or_default();
            return Ok(if places.is_empty() {
                Vec::new()
            } else {
                vec![Uncounted::Elsewhere { places }]
            });
        }
        Ok(told(keys, found))
    }

    async fn scan(
        &mut self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
        counted: &BTreeSet<Vec<u8>>,
    ) -> Result<(), RedisError> {
        for _ in 0..PIECES {
            let Some(queue) = queues.get(self.queue % queues.len().max(1)) else {
                return Ok(());
            };
            let (cursor, names): (u64, Vec<Vec<u8>>) = ::redis::cmd("SCAN")
                .arg(self.cursor)
                .arg("MATCH")
                .arg(format!("*{}*", literally(queue)))
                .arg("COUNT")
                .arg(PIECE)
                .query_async(connection)
                .await?;
            let new = names.into_iter().filter(|name| !counted.contains(name));
            let room = MOST_LISTS.saturating_sub(self.seen.len());
            self.seen
                .extend(new.filter(|name| !is_kombus_own(name)).take(room));
            self.cursor = cursor;
            if cursor == 0 {
                self.queue = (self.queue + 1) % queues.len();
                if self.queue == 0 {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Where Celery's workers have entered themselves, other than where they are looked for.
pub(super) async fn places(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
) -> Result<Vec<Place>, RedisError> {
    let keyspace: String = ::redis::cmd("INFO")
        .arg("keyspace")
        .query_async(connection)
        .await?;
    let databases: Vec<u32> = keyspace
        .lines()
        .filter_map(|line| line.strip_prefix("db")?.split(':').next()?.parse().ok())
        .take(MOST_DATABASES)
        .collect();
    if databases.is_empty() {
        return Ok(Vec::new());
    }
    // The script's SELECT ends with it (`scriptCall` works with a client of its own).
    let tables: Vec<Vec<Vec<u8>>> = ::redis::cmd("EVAL")
        .arg(TABLES)
        .arg(0)
        .arg(&databases)
        .query_async(connection)
        .await?;
    let mut places: Vec<Place> = databases
        .iter()
        .zip(tables)
        .flat_map(|(database, tables)| {
            tables.into_iter().filter_map(|key| {
                let prefix = key.strip_suffix(TABLE)?.to_vec();
                let here = *database == keys.database();
                (!here || prefix != keys.prefix()).then_some(Place {
                    database: (!here).then_some(*database),
                    key_prefix: String::from_utf8(prefix).ok()?,
                })
            })
        })
        .collect();
    places.sort();
    places.dedup();
    places.truncate(MOST_NAMED);
    Ok(places)
}

/// Whether some worker or sender has entered itself under the key prefix that is configured.
async fn alive(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    queues: &[String],
) -> Result<bool, RedisError> {
    let tables = queues
        .iter()
        .map(|queue| keys.key(format!("_kombu.binding.{queue}").as_bytes()))
        .chain([keys.key(TABLE)]);
    let lists = queues.iter().flat_map(|queue| keys.lists(queue));
    let asked: Vec<Vec<u8>> = tables.chain(lists).collect();
    let there: u64 = ::redis::cmd("EXISTS").arg(&asked).query_async(connection).await?;
    Ok(there > 0)
}

/// Whether messages that go to this exchange with this routing key come into `queue`, by the table that kombu keeps of
/// each exchange (`_queue_bind`).
async fn is_bound(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    queue: &str,
    name: &Name,
    (exchange, routing_key): (&str, &str),
) -> Result<bool, RedisError> {
    if exchange.is_empty() {
        return Ok(false);
    }
    let own = keys.priorities().separator.as_bytes();
    let (prefix, separator) = match name {
        Name::Prefix(prefix) => (prefix.as_slice(), own),
        Name::Separator(separator) => (keys.prefix(), separator.as_slice()),
        Name::Step(_) => (keys.prefix(), own),
    };
    let table = [prefix, b"_kombu.binding.", exchange.as_bytes()].concat();
    let member = [routing_key.as_bytes(), separator, separator, queue.as_bytes()].concat();
    ::redis::cmd("SISMEMBER")
        .arg(table)
        .arg(member)
        .query_async(connection)
        .await
}

/// How `key` bears the name of `queue`; nothing where it does not, or as it is counted.
fn name(keys: &Keys, queue: &str, key: &[u8]) -> Option<Name> {
    if let Some(rest) = key.strip_prefix(keys.key(queue.as_bytes()).as_slice()) {
        let (between, step) = number(rest)?;
        return Some(if between == keys.priorities().separator.as_bytes() {
            Name::Step(step)
        } else {
            Name::Separator(between.to_vec())
        });
    }
    let at = key
        .windows(queue.len())
        .rposition(|window| window == queue.as_bytes())?;
    let rest = &key[at + queue.len()..];
    let prefix = key[..at].to_vec();
    (rest.is_empty() || number(rest).is_some()).then_some(Name::Prefix(prefix))
}

/// What stands before the number at the end of a text, and the number.
fn number(text: &[u8]) -> Option<(&[u8], u32)> {
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, digits) = text.split_at(text.len() - digits);
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (!before.is_empty()).then_some((before, number))
}

/// Keys that kombu and this program keep beside the queues.
fn is_kombus_own(name: &[u8]) -> bool {
    [
        &b"_kombu.binding"[..],
        b"autoscaler.reply.",
        b".reply.celery.pidbox",
    ]
    .iter()
    .any(|part| name.windows(part.len()).any(|window| window == *part))
}

/// What was found, by what would have it counted.
fn told(keys: &Keys, found: Vec<(Vec<u8>, u64, Name)>) -> Vec<Uncounted> {
    let mut told: Vec<Uncounted> = Vec::new();
    let mut steps = keys.priorities().steps.clone();
    steps.extend(found.iter().filter_map(|(.., name)| match name {
        Name::Step(step) => Some(*step),
        _ => None,
    }));
    steps.sort_unstable();
    steps.dedup();
    for (key, length, name) in found {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let its = match name {
            Name::Prefix(prefix) => Remedy::KeyPrefix(text(prefix)),
            Name::Separator(separator) => Remedy::Separator(text(separator)),
            Name::Step(_) => Remedy::Steps(steps.clone()),
        };
        let same = told.iter_mut().find_map(|before| match before {
            Uncounted::Lists { lists, tasks, remedy } if *remedy == its => Some((lists, tasks)),
            _ => None,
        });
        if let Some((lists, tasks)) = same {
            *tasks = tasks.saturating_add(length);
            if lists.len() < MOST_NAMED {
                lists.push(text(key));
            }
        } else {
            told.push(Uncounted::Lists {
                lists: vec![text(key)],
                tasks: length,
                remedy: its,
            });
        }
    }
    told
}

/// A text that `MATCH` takes for itself.
fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if ['*', '?', '[', ']', '\\', '^'].contains(&c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Priorities;
    use crate::observe::measure::queue::redis::keys::tests::keys;

    #[test]
    fn a_list_is_known_by_what_stands_around_the_queues_name() {
        let plain = keys("", Priorities::default());
        let of = |key: &[u8]| name(&plain, "mail", key);
        assert_eq!(of(b"mail:5"), Some(Name::Separator(b":".to_vec())));
        assert_eq!(of(b"mail\x06\x1642"), Some(Name::Step(42)));
        assert_eq!(of(b"shop:mail"), Some(Name::Prefix(b"shop:".to_vec())));
        assert_eq!(of(b"shop:mail:5"), Some(Name::Prefix(b"shop:".to_vec())));
        for other in [&b"mail"[..], b"mailing", b"mail5", b"shop:mailing", b"post"] {
            assert_eq!(of(other), None, "{}", String::from_utf8_lossy(other));
        }
        let shop = keys("shop:", Priorities::default());
        assert_eq!(name(&shop, "mail", b"mail"), Some(Name::Prefix(Vec::new())));
        assert_eq!(
            name(&shop, "mail", b"shop:mail|7"),
            Some(Name::Separator(b"|".to_vec()))
        );
    }

    #[test]
    fn lists_with_one_remedy_are_told_together() {
        let keys = keys("", Priorities::default());
        let list = |step: u32| (format!("mail\x06\x16{step}").into_bytes(), 2, Name::Step(step));
        let told = told(&keys, vec![list(10), list(20), list(30), list(40)]);
        let [Uncounted::Lists { lists, tasks, remedy }] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!((lists.len(), *tasks), (3, 8));
        assert_eq!(
            remedy.line(),
            "\"redis_priority_steps\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40]"
        );
    }

    #[test]
    fn a_queues_name_is_no_pattern() {
        assert_eq!(literally("a*[b]?"), "a\\*\\[b\\]\\?");
    }
}
