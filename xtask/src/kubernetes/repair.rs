//! What Kubernetes' own copies of two packages get wrong with a Go that is younger than they are.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Files in which a value that is empty (`""`, `0`, `false`) is held to be null.
const NULLS: [&str; 2] = [
    "vendor/github.com/go-openapi/validate/type.go",
    "vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go",
];

/// How they look for null: what is compared are not two values but where each lies. With Go 1.15 the two never lay at one address, so that
/// only nil was null; with 1.19 all empty ones do, and a definition with `default: ""` is refused.
const OLD: &str =
    "data == nil || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data))";

/// What that came to.
const NEW: &str = "data == nil";

/// Where `reflect2` is below both a GOPATH's sources and `vendor`.
const REFLECT: &str = "github.com/modern-go/reflect2";

/// Mends the sources `tree` with the packages that Debian has below `packages`.
///
/// # Errors
/// When they are not what was mended before.
pub(super) fn mend(tree: &Path, packages: &Path) -> Result<()> {
    // The copy reads Go's own memory as it was before 1.18, and the server faults as it starts.
    let old = tree.join("vendor").join(REFLECT);
    let new = packages.join("usr/share/gocode/src").join(REFLECT);
    fs::remove_dir_all(&old).with_context(|| format!("cannot remove {}", old.display()))?;
    fs::rename(&new, &old).with_context(|| format!("cannot move {}", new.display()))?;
    for place in NULLS {
        let path = tree.join(place);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(text.contains(OLD), "{} looks for null otherwise", path.display());
        fs::write(&path, text.replace(OLD, NEW))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
