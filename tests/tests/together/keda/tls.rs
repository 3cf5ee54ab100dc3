//! KEDA over TLS, with a certificate of its own.

use anyhow::{Result, ensure};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Venv, tls, until};

use super::{Keda, LIMIT, object, pods, said, scaler};

#[test]
fn only_clients_of_the_authority_are_answered_and_renewed_certificates_are_taken() -> Result<()> {
    if !require(&[Tool::Openssl, Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::grpc()?;
    let folder = tempfile::tempdir()?;
    let authority = tls::authority(folder.path())?;
    let (certificate, key) = tls::certify(folder.path(), "server")?;
    let (own_certificate, own_key) = tls::certify(folder.path(), "client")?;
    // Nobody listens at port 9, which is for what is thrown away (RFC 863): the specification of a metric takes no Prometheus.
    let arguments = ["--tls-cert".as_ref(), certificate.as_path()];
    let others = [
        "--tls-key".as_ref(),
        key.as_path(),
        "--client-ca".as_ref(),
        authority.as_path(),
    ];
    let (scaler, address) = scaler("http://127.0.0.1:9", &[&arguments[..], &others[..]].concat())?;
    let address = address.replace("127.0.0.1", "localhost");
    let keda = |files: &[&std::path::PathBuf]| Keda {
        venv: venv.clone(),
        at: address.clone(),
        files: files.iter().map(|file| (*file).clone()).collect(),
    };
    let asked = object(&pods("web", "cpu", &serde_json::json!({}))).to_string();
    let known = keda(&[&authority, &own_certificate, &own_key]);
    let spec = known.ask("GetMetricSpec", &asked)?;
    ensure!(
        spec["result"]["metricSpecs"][0]["metricName"] == "autoscaler-cpu",
        "{spec}"
    );
    for stranger in [keda(&[&authority]), keda(&[])] {
        let answer = stranger.ask("GetMetricSpec", &asked)?;
        ensure!(answer["code"] == "UNAVAILABLE", "{answer}");
    }

    tls::certify(folder.path(), "server")?;
    until("the new certificate to be in force", LIMIT, || {
        let answered = known.ask("GetMetricSpec", &asked).ok()?;
        (answered["result"].is_object() && said(&scaler, "there are new certificates") == 1).then_some(())
    })?;
    std::fs::write(&certificate, "no certificate")?;
    scaler_keeps(&known, &asked, || said(&scaler, "those before stay in force"))?;
    scaler.end()
}

/// It answers still, having told once that it cannot use what is on disk.
fn scaler_keeps(known: &Keda, asked: &str, told: impl Fn() -> usize) -> Result<()> {
    until("the bad certificate to be told", LIMIT, || {
        let answered = known.ask("GetMetricSpec", asked).ok()?;
        (answered["result"].is_object() && told() == 1).then_some(())
    })
}
