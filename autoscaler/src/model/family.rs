//! Instances of a systemd template that are servers of their own, as `gunicorn@shop.service` and `gunicorn@blog.service` are:
//! `"service_name": "gunicorn@*.service"` gives each of them a project with the same rules.

use crate::model::{Config, Project};

/// A service's name with a `*` for the instance of a template, such as `gunicorn@*.service`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstancePattern {
    /// Up to the star.
    before: String,
    /// After it.
    after: String,
}

impl InstancePattern {
    /// The pattern that `service_name` is; `None` where it has no star, or one that stands elsewhere than in the instance.
    #[must_use]
    pub fn of(service_name: &str) -> Option<Self> {
        let (before, after) = service_name.split_once('*')?;
        let instance = after.strip_suffix(".service")?;
        (before.contains('@') && !before.starts_with('@') && !instance.contains(['*', '@'])).then(|| Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// The instance that `unit` is of the template: `shop` of `gunicorn@shop.service`. `None` where it does not match, or is the
    /// template itself.
    #[must_use]
    pub fn instance<'u>(&self, unit: &'u str) -> Option<&'u str> {
        let star = unit.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let (_, instance) = unit.strip_suffix(".service")?.split_once('@')?;
        (!star.is_empty()).then_some(instance)
    }

    /// It as fnmatch(3) reads it, which systemd lists units by: a backslash, as in `my\x2dsite@*.service`, stands for itself only
    /// behind another.
    #[must_use]
    pub fn glob(&self) -> String {
        let plain = |text: &str| text.replace('\\', r"\\");
        format!("{}*{}", plain(&self.before), plain(&self.after))
    }
}

/// Projects with the same rules: one for each instance that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Which units they are.
    pub pattern: InstancePattern,
    /// The rules. Its `service_name` is the pattern.
    pub rules: Project,
}

/// An instance that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceChange {
    /// The name of its project.
    pub project: String,
    /// Its unit.
    pub unit: String,
    /// Whether it came.
    pub came: bool,
}

impl Config {
    /// Has the family called `name` have a project for each of `units` and no other, and tells which came and went, in the order
    /// of their names. A unit that another project names is that project's.
    pub fn follow_instances(&mut self, name: &str, units: &[String]) -> Vec<InstanceChange> {
        let Some(family) = self.families.get(name) else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        self.projects.retain(|project, its| {
            let stays = family_of(project) != Some(name) || units.contains(&its.service_name);
            if !stays {
                changes.push(InstanceChange {
                    project: project.clone(),
                    unit: its.service_name.clone(),
                    came: false,
                });
            }
            stays
        });
        for unit in units {
            let Some(instance) = family.pattern.instance(unit) else {
                continue;
            };
            let taken = |other: &Project| other.target.is_unit() && other.service_name == *unit;
            if self.projects.values().any(taken) {
                continue;
            }
            let project = project_of(name, instance);
            let rules = Project {
                name: project.clone(),
                service_name: unit.clone(),
                ..family.rules.clone()
            };
            self.projects.insert(project.clone(), rules);
            changes.push(InstanceChange {
                project,
                unit: unit.clone(),
                came: true,
            });
        }
        changes.sort_by(|one, other| one.project.cmp(&other.project));
        changes
    }

    /// Gives each family the projects that it has in `other`, without asking systemd.
    pub fn adopt_instances(&mut self, other: &Self) {
        let names: Vec<String> = self.families.keys().cloned().collect();
        for name in names {
            let its = other.instances_of(&name);
            let units: Vec<String> = its.map(|project| project.service_name.clone()).collect();
            self.follow_instances(&name, &units);
        }
    }

    /// The projects as they are written, each family as one.
    pub fn written(&self) -> impl Iterator<Item = &Project> {
        let named = self
            .projects
            .values()
            .filter(|project| !self.is_instance(&project.name));
        named.chain(self.families.values().map(|family| &family.rules))
    }

    /// The projects of the instances of `family`.
    pub fn instances_of(&self, family: &str) -> impl Iterator<Item = &Project> {
        let projects = self.projects.iter();
        let its = projects.filter(move |(name, _)| family_of(name) == Some(family));
        its.map(|(_, project)| project)
    }

    /// Whether a project of this name is, or would be, that of an instance.
    #[must_use]
    pub fn is_instance(&self, project: &str) -> bool {
        family_of(project).is_some_and(|family| self.families.contains_key(family))
    }

    /// Whether there is a project of this name, or may be one as soon as systemd is asked.
    #[must_use]
    pub fn may_have(&self, project: &str) -> bool {
        self.projects.contains_key(project) || self.is_instance(project)
    }

    /// The projects that `unit` would be one of as soon as systemd is asked.
    pub fn may_become<'c>(&'c self, unit: &'c str) -> impl Iterator<Item = String> + 'c {
        self.families.iter().filter_map(move |(name, family)| {
            let instance = family.pattern.instance(unit)?;
            Some(project_of(name, instance))
        })
    }
}

/// The name of the project of an instance.
fn project_of(family: &str, instance: &str) -> String {
    format!("{family}@{instance}")
}

/// The family that a project of this name is of, if there is one of that name: what stands before the first `@`.
#[must_use]
pub fn family_of(project: &str) -> Option<&str> {
    Some(project.split_once('@')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn config() -> Config {
        let text = r#"{
            "sites": { "enabled": true, "service_name": "gunicorn@*.service", "max_workers": 4, "cpu_thresholds": { "scale_up_2": 60 } },
            "big": { "enabled": true, "service_name": "gunicorn@big.service", "max_workers": 9, "cpu_thresholds": { "scale_up_2": 60 } } }"#;
        parse("config.json", text).unwrap().config
    }

    fn units(names: &[&str]) -> Vec<String> {
        names
            .iter()
            .map(|name| format!("gunicorn@{name}.service"))
            .collect()
    }

    fn names(config: &Config) -> Vec<&str> {
        config.projects.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_star_stands_in_the_instance() {
        let pattern = InstancePattern::of("gunicorn@*.service").unwrap();
        assert_eq!(pattern.instance("gunicorn@shop.service"), Some("shop"));
        for other in [
            "gunicorn@.service",
            "gunicorn.service",
            "agunicorn@x.service",
            "gunicorn@x.socket",
        ] {
            assert_eq!(pattern.instance(other), None, "{other}");
        }
        let part = InstancePattern::of("web@eu-*.service").unwrap();
        assert_eq!(part.instance("web@eu-shop.service"), Some("eu-shop"));
        assert_eq!(part.instance("web@us-shop.service"), None);
        for none in [
            "*.service",
            "*@x.service",
            "@*.service",
            "a@*",
            "a@*.socket",
            "a@*b*.service",
            "a@x.service",
        ] {
            assert_eq!(InstancePattern::of(none), None, "{none}");
        }
        let escaped = InstancePattern::of(r"my\x2dsite@*.service").unwrap();
        assert_eq!(escaped.glob(), r"my\\x2dsite@*.service");
    }

    #[test]
    fn each_instance_is_a_project_with_the_same_rules_until_it_goes() {
        let mut config = config();
        assert_eq!(names(&config), ["big"]);
        let changes = config.follow_instances("sites", &units(&["shop", "blog", "big"]));
        let came: Vec<&str> = changes.iter().map(|change| change.project.as_str()).collect();
        assert_eq!(
            came,
            ["sites@blog", "sites@shop"],
            "who is named has its own rules"
        );
        assert_eq!(names(&config), ["big", "sites@blog", "sites@shop"]);
        let shop = &config.projects["sites@shop"];
        assert_eq!(
            (shop.name.as_str(), shop.service_name.as_str()),
            ("sites@shop", "gunicorn@shop.service")
        );
        assert_eq!(shop.bounds.max, 4);

        assert_eq!(
            config.follow_instances("sites", &units(&["blog", "shop"])),
            [],
            "nothing is new"
        );
        let changes = config.follow_instances("sites", &units(&["shop"]));
        let [gone] = changes.as_slice() else {
            panic!("{changes:?}")
        };
        assert!(!gone.came && gone.project == "sites@blog" && gone.unit == "gunicorn@blog.service");
        assert_eq!(names(&config), ["big", "sites@shop"]);
    }

    #[test]
    fn a_new_configuration_keeps_the_instances_with_its_own_rules() {
        let (mut old, mut new) = (config(), config());
        old.follow_instances("sites", &units(&["shop"]));
        new.families.get_mut("sites").unwrap().rules.bounds.max = 7;
        new.adopt_instances(&old);
        assert_eq!(new.projects["sites@shop"].bounds.max, 7);
        assert_eq!(new.changes_since(&old).changed, ["sites@shop"]);
    }

    #[test]
    fn what_may_come_is_known_by_its_name() {
        let config = config();
        assert!(config.may_have("sites@new") && config.may_have("big") && !config.may_have("other@new"));
        let may: Vec<String> = config.may_become("gunicorn@new.service").collect();
        assert_eq!(may, ["sites@new"]);
    }
}
