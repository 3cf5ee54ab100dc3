//! What is told of the scaler's answers: what changes, and nothing twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::keda::proto::ScaledObjectRef;
use crate::model::{KedaNews, ScalerFault};

/// Tells the operator.
pub(super) type Tell = Arc<dyn Fn(&KedaNews) + Send + Sync>;

/// No more triggers than these are kept in mind: whoever asks makes their names up.
const ROOM: usize = 1000;

/// What has been told.
pub(super) struct Told {
    tell: Tell,
    /// Where Prometheus is.
    prometheus: String,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    away: bool,
    failing: BTreeMap<Key, ScalerFault>,
}

/// One trigger of a `ScaledObject`: it may have several.
type Key = (String, String, BTreeMap<String, String>);

impl Told {
    pub(super) fn new(tell: Tell, prometheus: String) -> Self {
        Self {
            tell,
            prometheus,
            now: Mutex::default(),
        }
    }

    /// Prometheus was asked for a trigger's value.
    pub(super) fn asked(&self, object: &ScaledObjectRef, value: Result<(), &ScalerFault>) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let away = match value {
            Err(ScalerFault::Prometheus(why)) => Some(why).filter(|why| why.is_away()),
            _ => None,
        };
        let was_away = std::mem::replace(&mut now.away, away.is_some());
        let at = || self.prometheus.clone();
        match away {
            Some(why) if !was_away => (self.tell)(&KedaNews::PrometheusAway {
                at: at(),
                why: why.clone(),
            }),
            // It has been told, and says nothing of this trigger.
            Some(_) => {}
            None => {
                if was_away {
                    (self.tell)(&KedaNews::PrometheusBack { at: at() });
                }
                self.of(&mut now, object, value.err());
            }
        }
    }

    /// A trigger asks for what cannot be.
    pub(super) fn refused(&self, object: &ScaledObjectRef, why: &ScalerFault) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        self.of(&mut now, object, Some(why));
    }

    fn of(&self, now: &mut Now, object: &ScaledObjectRef, why: Option<&ScalerFault>) {
        let key = (
            object.namespace.clone(),
            object.name.clone(),
            object.scaler_metadata.clone(),
        );
        let name = format!("{}/{}", object.namespace, object.name);
        match why {
            Some(why) => {
                let known = now.failing.get(&key);
                if known == Some(why) || (known.is_none() && now.failing.len() >= ROOM) {
                    return;
                }
                now.failing.insert(key, why.clone());
                let why = why.clone();
                (self.tell)(&KedaNews::NoValue { object: name, why });
            }
            None if now.failing.remove(&key).is_some() => {
                (self.tell)(&KedaNews::ValueAgain { object: name });
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PrometheusFault;

    fn told() -> (Told, Arc<Mutex<Vec<KedaNews>>>) {
        let news: Arc<Mutex<Vec<KedaNews>>> = Arc::default();
        let kept = Arc::clone(&news);
        let tell: Tell = Arc::new(move |one| kept.lock().unwrap().push(one.clone()));
        (Told::new(tell, "http://p".into()), news)
    }

    fn object(name: &str, measure: &str) -> ScaledObjectRef {
        ScaledObjectRef {
            name: name.into(),
            namespace: "shop".into(),
            scaler_metadata: [("measure".to_owned(), measure.to_owned())].into(),
        }
    }

    #[test]
    fn a_prometheus_that_is_away_is_told_once_and_not_of_each_trigger() {
        let (told, news) = told();
        let away = ScalerFault::Prometheus(PrometheusFault::Silent(10));
        for name in ["a", "b", "a"] {
            told.asked(&object(name, "cpu"), Err(&away));
        }
        told.asked(&object("a", "cpu"), Ok(()));
        let news = news.lock().unwrap();
        assert!(
            matches!(
                &news[..],
                [KedaNews::PrometheusAway { .. }, KedaNews::PrometheusBack { .. }]
            ),
            "{news:?}"
        );
    }

    #[test]
    fn each_trigger_is_told_of_when_it_changes() {
        let (told, news) = told();
        let (cpu, busy) = (object("a", "cpu"), object("a", "busy"));
        for _ in 0..2 {
            told.asked(&cpu, Err(&ScalerFault::NoSeries));
            told.asked(&busy, Ok(()));
        }
        told.asked(&cpu, Err(&ScalerFault::Several { count: 2 }));
        told.asked(&cpu, Ok(()));
        told.asked(&cpu, Ok(()));
        let news = news.lock().unwrap();
        assert!(
            matches!(
                &news[..],
                [
                    KedaNews::NoValue { why: ScalerFault::NoSeries, .. },
                    KedaNews::NoValue { why: ScalerFault::Several { .. }, .. },
                    KedaNews::ValueAgain { object },
                ] if object == "shop/a"
            ),
            "{news:?}"
        );
    }

    #[test]
    fn names_that_are_made_up_fill_no_memory() {
        let (told, news) = told();
        for number in 0..2 * ROOM {
            told.refused(&object(&number.to_string(), "cpu"), &ScalerFault::NoSeries);
        }
        assert_eq!(news.lock().unwrap().len(), ROOM);
        assert_eq!(told.now.lock().unwrap().failing.len(), ROOM);
    }
}
