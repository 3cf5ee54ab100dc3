//! A look at one project between two checks, which leaves every check's means as they were.

use std::collections::BTreeMap;

use crate::host::cgroup::CgroupMount;
use crate::host::machine::HostReader;
use crate::host::service::ServiceManager;
use crate::host::usage;
use crate::model::{Config, HostError, Project, ProjectSample, Snapshot, Unobservable};
use crate::observe::observer::interval::Baseline;
use crate::observe::observer::locate::Location;
use crate::observe::observer::{Observer, locate, project};

impl<S: ServiceManager> Observer<S> {
    /// Looks at the project `name` of `config` and at nothing else. It has no CPU figures, and the next
    /// [`Observer::observe`] gives every project those since the last one, this look or not. A cgroup that no
    /// look has seen yet, such as that of a unit that was restarted, has its figures from here on. What has to be
    /// waited for comes by [`Observer::read`].
    ///
    /// # Errors
    /// When the host's own figures cannot be read.
    pub async fn look_at(&mut self, config: &Config, name: &str) -> Result<Snapshot, HostError> {
        // A reader of its own: the host's busy share, too, is that between two checks.
        let (host, _) = HostReader::new(self.procfs.clone()).read()?;
        let mut projects = BTreeMap::new();
        if let Some(project) = config.projects.get(name) {
            self.containers.look_again();
            let place = match CgroupMount::discover(&self.procfs) {
                Ok(mount) => locate::locate(&mount, &mut self.services, &mut self.containers, project).await,
                Err(error) => Err(error.into()),
            };
            let sample = match place {
                Ok(place) => self.look_aside((config, name), project, place).await,
                Err(fault) => Err(fault),
            };
            projects.insert(name.to_owned(), sample);
        }
        let taken_at = usage::monotonic();
        Ok(Snapshot {
            taken_at,
            host,
            projects,
        })
    }

    async fn look_aside(
        &mut self,
        (config, name): (&Config, &str),
        project: &Project,
        place: Location,
    ) -> Result<ProjectSample, Unobservable> {
        self.alone(config, name, &place.cgroup)?;
        project::thawed(&place)?;
        let sample = project::settled(&self.procfs, project, &place).await?;
        self.begin_means(&place);
        self.found(config, project, &sample);
        self.requests.found(name, &place.cgroup);
        self.readings.retain(config);
        self.readings.begin(project, &place, &sample, usage::monotonic());
        self.cgroups.insert(name.to_owned(), place.cgroup);
        Ok(sample)
    }

    /// Reads where the means of a cgroup begin that is new since the last check. What cannot be read now is
    /// read, and its fault told, by the next check.
    fn begin_means(&mut self, place: &Location) {
        if self.baselines.knows(place.cgroup.id()) {
            return;
        }
        let paths = [place.cgroup.path().to_owned()];
        let (Ok(reading), Ok(throttle)) = (self.source.read(&paths), place.cgroup.throttling()) else {
            return;
        };
        if let Some(usage) = reading.usage.first().copied().flatten()
            && usage.id == place.cgroup.id()
        {
            self.baselines.begin(Baseline {
                taken_at: reading.taken_at,
                usage,
                throttle,
            });
        }
    }
}
