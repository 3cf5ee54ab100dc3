use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use super::*;
use crate::host::fixture::{Fixture, GUNICORN};

const ID: &str = "3fae18bc09d2537461f0e2a97c5b88d01e64a3f7720bd9c6854ef1320a9c7d5e";

fn wanted(name: &str) -> ContainerName {
    ContainerName {
        name: name.into(),
        runtime: None,
        user: None,
    }
}

/// Adds a container of Podman's: conmon `pid`, and its first process, `pid` + 1.
fn podman(host: &mut Fixture, pid: u32, name: &str, id: &str, cgroup: &str) {
    let conmon =
        format!("/usr/bin/conmon --api-version 1 -c {id} -u {id} -r /usr/bin/crun -n {name} --full-attach");
    host.process(pid, 1, &[], &conmon);
    host.process(pid + 1, pid, GUNICORN, "gunicorn app:app");
    host.cgroup(cgroup, &[pid + 1]);
}

async fn find(host: &Fixture, name: &str) -> Result<Found, ContainerFault> {
    let mount = CgroupMount::discover(&host.procfs()).unwrap();
    let mut containers = Containers::with_docker_at(host.procfs(), host.path("docker.sock"));
    containers.find(&mount, &wanted(name)).await
}

/// A Docker that gives this answer to each question, until it is dropped.
struct Docker(tokio::task::JoinHandle<()>);

impl Docker {
    fn start(host: &Fixture, status: &'static str, body: String) -> Self {
        let listener = UnixListener::bind(host.path("docker.sock")).unwrap();
        Self(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let read = stream.read(&mut asked).await.unwrap();
                let asked = String::from_utf8_lossy(&asked[..read]);
                assert!(asked.starts_with("GET /containers/"), "{asked}");
                assert!(asked.contains("/json HTTP/1.1\r\n"), "{asked}");
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        }))
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn inspected(status: &str, pid: u32) -> String {
    let running = matches!(status, "running" | "paused");
    serde_json::json!({
        "Id": ID, "Name": "/shop",
        "State": { "Status": status, "Running": running, "Paused": status == "paused", "Pid": pid },
    })
    .to_string()
}

#[tokio::test]
async fn a_container_of_podmans_is_found_by_its_conmon() {
    let mut host = Fixture::new();
    let scope = format!("machine.slice/libpod-{ID}.scope");
    podman(&mut host, 40, "shop", ID, &format!("{scope}/container"));
    let found = find(&host, "shop").await.unwrap();
    assert_eq!(found.cgroup, format!("/{scope}"));
    assert_eq!((found.main, found.container.id.as_str()), (Some(41), ID));
    assert!(!found.container.rootless);
    assert_eq!(
        find(&host, "shopping").await,
        Err(ContainerFault::NotFound {
            name: "shopping".into(),
            user: None,
            asked: vec![Runtime::Podman],
        })
    );
}

#[tokio::test]
async fn a_conmon_of_an_exec_or_of_somebody_else_is_not_believed() {
    let mut host = Fixture::new();
    let scope = format!("machine.slice/libpod-{ID}.scope");
    podman(&mut host, 40, "shop", ID, &scope);
    // A program of another user's, started with root's rights.
    host.owned(40, [1000, 0, 0, 0]);
    assert!(find(&host, "shop").await.is_err());
    host.owned(40, [1000; 4]);
    assert!(find(&host, "shop").await.is_err());
    let mut host = Fixture::new();
    let exec = ID.replace('3', "4");
    host.process(40, 1, &[], &format!("/usr/bin/conmon -c {ID} -u {exec} -n shop"));
    host.process(41, 40, &[], "bash");
    host.cgroup(&scope, &[41]);
    assert!(find(&host, "shop").await.is_err());
}

#[tokio::test]
async fn a_users_own_container_is_found_for_that_user_alone() {
    let mut host = Fixture::new();
    let scope = format!("user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope");
    podman(&mut host, 40, "shop", ID, &scope);
    host.owned(40, [1000; 4]);
    let mount = CgroupMount::discover(&host.procfs()).unwrap();
    let mut containers = Containers::with_docker_at(host.procfs(), host.path("docker.sock"));
    let of = |user: &str| ContainerName {
        user: Some(user.into()),
        ..wanted("shop")
    };
    let found = containers.find(&mount, &of("1000")).await.unwrap();
    assert!(found.container.rootless);
    assert_eq!(found.cgroup, format!("/{scope}"));
    assert!(containers.find(&mount, &of("1001")).await.is_err());
    assert_eq!(
        containers.find(&mount, &of("no such user")).await,
        Err(ContainerFault::NoUser {
            user: "no such user".into()
        })
    );
}

#[tokio::test]
async fn a_process_outside_of_its_containers_cgroup_is_refused() {
    let mut host = Fixture::new();
    podman(&mut host, 40, "shop", ID, "system.slice/other.service");
    assert_eq!(
        find(&host, "shop").await,
        Err(ContainerFault::NoCgroup {
            name: "shop".into(),
            cgroup: "/system.slice/other.service".into(),
        })
    );
}

#[tokio::test]
async fn docker_tells_where_a_container_is() {
    let mut host = Fixture::new();
    let scope = format!("system.slice/docker-{ID}.scope");
    host.process(70, 1, &[], "/sbin/docker-init -- gunicorn");
    host.cgroup(&scope, &[70]);
    let docker = Docker::start(&host, "200 OK", inspected("running", 70));
    let found = find(&host, "shop").await.unwrap();
    assert_eq!(found.cgroup, format!("/{scope}"));
    assert_eq!((found.main, found.container.runtime), (Some(70), Runtime::Docker));
    // Podman has one of this name, too.
    podman(
        &mut host,
        40,
        "shop",
        &ID.replace('3', "4"),
        &format!("machine.slice/libpod-{}.scope", ID.replace('3', "4")),
    );
    assert!(matches!(
        find(&host, "shop").await,
        Err(ContainerFault::Several { .. })
    ));
    drop(docker);
}

#[tokio::test]
async fn a_docker_that_is_named_and_is_not_there_is_said() {
    let host = Fixture::new();
    let mount = CgroupMount::discover(&host.procfs()).unwrap();
    let socket = host.path("docker.sock");
    let mut containers = Containers::with_docker_at(host.procfs(), &socket);
    let of_docker = ContainerName {
        runtime: Some(Runtime::Docker),
        ..wanted("shop")
    };
    let Err(ContainerFault::Unreachable { runtime, at, .. }) = containers.find(&mount, &of_docker).await
    else {
        panic!("somebody was asked");
    };
    assert_eq!((runtime, at), (Runtime::Docker, socket.display().to_string()));
}

#[tokio::test]
async fn what_docker_does_not_run_is_said() {
    for (status, body, wanted) in [
        (
            "200 OK",
            inspected("exited", 0),
            ContainerFault::NotRunning {
                name: "shop".into(),
                state: "exited".into(),
            },
        ),
        (
            "404 Not Found",
            r#"{"message": "No such container: shop"}"#.into(),
            ContainerFault::NotFound {
                name: "shop".into(),
                user: None,
                asked: vec![Runtime::Docker, Runtime::Podman],
            },
        ),
        (
            "500 Internal Server Error",
            r#"{"message": "no room"}"#.into(),
            ContainerFault::Refused {
                runtime: Runtime::Docker,
                why: "no room".into(),
            },
        ),
    ] {
        let host = Fixture::new();
        let _docker = Docker::start(&host, status, body);
        assert_eq!(find(&host, "shop").await, Err(wanted));
    }
}

#[tokio::test]
async fn a_container_goes_on_while_docker_is_away() {
    let mut host = Fixture::new();
    let scope = format!("system.slice/docker-{ID}.scope");
    host.process(70, 1, GUNICORN, "gunicorn app:app");
    host.cgroup(&scope, &[70]);
    let mount = CgroupMount::discover(&host.procfs()).unwrap();
    let mut containers = Containers::with_docker_at(host.procfs(), host.path("docker.sock"));
    let docker = Docker::start(&host, "200 OK", inspected("running", 70));
    let found = containers.find(&mount, &wanted("shop")).await.unwrap();
    drop(docker);
    let again = containers.find(&mount, &wanted("shop")).await.unwrap();
    containers.look_again();
    assert_eq!(again, Found { main: None, ..found });
    std::fs::remove_dir_all(host.path(&format!("cgroup/{scope}"))).unwrap();
    let gone = containers.find(&mount, &wanted("shop")).await;
    assert!(
        matches!(gone, Err(ContainerFault::Unreachable { .. })),
        "{gone:?}"
    );
}

#[test]
fn the_cgroup_of_the_container_is_the_one_with_its_id() {
    for (path, own) in [
        (format!("/docker/{ID}"), Some(format!("/docker/{ID}"))),
        (format!("/docker/{ID}/init"), Some(format!("/docker/{ID}"))),
        (
            format!("/system.slice/shop.service/libpod-payload-{ID}/a/b"),
            Some(format!("/system.slice/shop.service/libpod-payload-{ID}")),
        ),
        ("/system.slice/shop.service".into(), None),
        ("/".into(), None),
    ] {
        assert_eq!(own_cgroup(&path, ID), own, "{path}");
    }
}

#[tokio::test]
async fn the_container_of_a_cgroup_is_named() {
    let mut host = Fixture::new();
    let scope = format!("/machine.slice/libpod-{ID}.scope");
    podman(&mut host, 40, "shop", ID, &scope[1..]);
    let containers = Containers::with_docker_at(host.procfs(), host.path("docker.sock"));
    let at = containers.at(&format!("{scope}/container")).await;
    assert_eq!(at, Some((wanted("shop"), scope)));
    assert_eq!(containers.at("/system.slice/a.service").await, None);
    let other = ID.replace('3', "4");
    assert_eq!(containers.at(&format!("/docker/{other}")).await, None);
    let _docker = Docker::start(&host, "200 OK", inspected("running", 70));
    assert_eq!(
        containers.at(&format!("/docker/{other}/init")).await,
        Some((wanted("shop"), format!("/docker/{other}")))
    );
}
