//! The rules that may stand in `global` for all projects and again in a project for it alone.

use std::time::Duration;

use crate::config::fields::{Field, Fields, Findings};
use crate::config::keys;
use crate::model::{CpuBasis, MemoryRules, Of};

/// How long a condition must hold before a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub(super) up: Duration,
    pub(super) down: Duration,
}

/// The rules in force for one project, or for all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) cpu_basis: CpuBasis,
    pub(super) scale_up_on_saturated_host: bool,
    pub(super) reload_wait: Duration,
    pub(super) memory: MemoryRules,
    pub(super) cpu_hold: Hold,
    pub(super) queue_hold: Hold,
    pub(super) busy_hold: Hold,
    pub(super) wait_hold: Hold,
    /// Whether requests are looked at where no threshold is over them.
    pub(super) requests: bool,
    pub(super) down_while_busy: bool,
    pub(super) long_request: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        let minutes = Duration::from_mins;
        let waiting = Hold {
            up: minutes(2),
            down: minutes(10),
        };
        Self {
            cpu_basis: CpuBasis::default(),
            scale_up_on_saturated_host: false,
            reload_wait: minutes(10),
            memory: MemoryRules {
                min_available_per_worker_mib: 500,
                scale_down_min_available_mib: None,
                threshold_mib: 0,
                per_worker_mib: 500,
                base_mib: 0,
            },
            cpu_hold: Hold {
                up: minutes(3),
                down: minutes(15),
            },
            queue_hold: waiting,
            busy_hold: waiting,
            wait_hold: waiting,
            requests: false,
            down_while_busy: false,
            long_request: Duration::from_secs(30),
        }
    }
}

impl Rules {
    /// These rules with those that stand in `fields` put over them.
    pub(super) fn overlay(mut self, fields: &Fields<'_>, findings: &mut Findings<'_>) -> Self {
        let bases = [("workers", CpuBasis::Workers), ("host", CpuBasis::Host)];
        if let Some(basis) = fields
            .get("cpu_basis")
            .and_then(|field| field.choice(&bases, findings))
        {
            self.cpu_basis = basis;
        }
        for (key, rule) in [
            ("scale_up_on_saturated_host", &mut self.scale_up_on_saturated_host),
            ("scale_down_while_busy", &mut self.down_while_busy),
            ("requests", &mut self.requests),
        ] {
            let field = fields.get(key);
            *rule = field.and_then(|field| field.boolean(findings)).unwrap_or(*rule);
        }
        if let Some(seconds) = fields
            .get("long_request_seconds")
            .and_then(|field| field.number(keys::LONG_REQUEST, findings))
        {
            self.long_request = Duration::from_secs_f64(seconds);
        }
        if let Some(minutes) = fields
            .get("wait_for_reload_minutes")
            .and_then(|field| field.number(keys::HOLD, findings))
        {
            self.reload_wait = Duration::from_secs_f64(minutes * 60.0);
        }
        let mut mib = |key, allowed| fields.get(key)?.whole(allowed, findings);
        let memory = &mut self.memory;
        memory.min_available_per_worker_mib = mib("min_available_mb_per_worker", keys::MEMORY_MIB)
            .unwrap_or(memory.min_available_per_worker_mib);
        memory.scale_down_min_available_mib =
            mib("scale_down_min_available_mb", keys::MEMORY_MIB).or(memory.scale_down_min_available_mib);
        memory.threshold_mib = mib("memory_threshold_mb", keys::MEMORY_MIB).unwrap_or(memory.threshold_mib);
        memory.per_worker_mib =
            mib("memory_per_worker_mb", keys::PER_WORKER_MIB).unwrap_or(memory.per_worker_mib);
        memory.base_mib = mib("memory_base_mb", keys::MEMORY_MIB).unwrap_or(memory.base_mib);
        for (key, hold) in [
            ("cpu_duration_minutes", &mut self.cpu_hold),
            ("queue_duration_minutes", &mut self.queue_hold),
            ("busy_duration_minutes", &mut self.busy_hold),
            ("wait_duration_minutes", &mut self.wait_hold),
        ] {
            if let Some(field) = fields.get(key) {
                *hold = hold.overlay(field, findings);
            }
        }
        self
    }
}

impl Hold {
    fn overlay(mut self, field: Field<'_>, findings: &mut Findings<'_>) -> Self {
        let Some(object) = field.object(r#"{ "scale_up": 3, "scale_down": 15 }"#, findings) else {
            return self;
        };
        let of = Of::Key(field.name());
        for part in Fields::read(object, &of, findings).iter() {
            let hold = match part.key() {
                "scale_up" => &mut self.up,
                "scale_down" => &mut self.down,
                _ => {
                    keys::refuse_unknown(part, &["scale_up", "scale_down"], &of, findings);
                    continue;
                }
            };
            if let Some(minutes) = part.number(keys::HOLD, findings) {
                *hold = Duration::from_secs_f64(minutes * 60.0);
            }
        }
        self
    }
}
