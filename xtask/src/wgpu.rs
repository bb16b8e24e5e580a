//! `cargo xtask wgpu`: training through wgpu, on Mesa's software driver.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{Done, capture, cargo, check};

/// Debian's package of the driver.
const PACKAGE: &str = "mesa-vulkan-drivers";
/// What describes drivers to Vulkan's loader.
const FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
/// How the names of the software driver's description begin, which go on with the architecture.
const SOFTWARE: &str = "lvp_icd";

/// Runs the tests; says so where that cannot be done here.
pub(crate) fn run(root: &Path) -> Result {
    match step(root)? {
        Done::Yes => Ok(()),
        Done::Skipped(why) => Err(format!("did not run: {why}").into()),
    }
}

/// The same as a step of `ci --gpu`, which goes on where there is no driver.
pub(crate) fn step(root: &Path) -> Result<Done> {
    let driver = match driver() {
        Ok(driver) => driver,
        Err(why) => return Ok(Done::Skipped(why)),
    };
    // Mesa wants a folder for its sockets, and says so where there is none.
    let runtime = target_dir(root).join("wgpu");
    fs::create_dir_all(&runtime)?;
    // Of the crate alone: burn and much below it have other features than in the whole workspace, of which more would be compiled anew. One
    // test at a time, since the driver takes all cores for each.
    let test = "test -p dsg-train --features wgpu --locked --test it -- wgpu --test-threads=1";
    check(
        cargo(root)
            .args(test.split_whitespace())
            // Vulkan has this driver and no other, whatever GPU is here. The newer variable would win over the one that old loaders know.
            .env("VK_ICD_FILENAMES", &driver)
            .env("VK_DRIVER_FILES", driver)
            .env("XDG_RUNTIME_DIR", runtime)
            // Every kernel that is tried out is compiled, which takes this driver most of the time.
            .env("CUBECL_AUTOTUNE_LEVEL", "minimal"),
    )?;
    Ok(Done::Yes)
}

/// The description of the software driver, installed if need be, or why there is none.
fn driver() -> Result<PathBuf, String> {
    if let Some(driver) = installed() {
        return Ok(driver);
    }
    let missing = |why: String| format!("no software driver for Vulkan here, {why}");
    let user = capture(Command::new("id").arg("-u")).unwrap_or_default();
    if user.trim() != "0" {
        return Err(missing(format!(
            "which `apt-get install {PACKAGE}` brings on Debian, as root"
        )));
    }
    let install = format!("install --yes --no-install-recommends {PACKAGE}");
    for line in ["update", &install] {
        let mut command = Command::new("apt-get");
        command
            .args(line.split(' '))
            .env("DEBIAN_FRONTEND", "noninteractive");
        capture(&mut command).map_err(|error| missing(format!("and none from apt ({error})")))?;
    }
    installed().ok_or_else(|| missing(format!("though {PACKAGE} is installed")))
}

fn installed() -> Option<PathBuf> {
    let folders = FOLDERS.iter().map(PathBuf::from);
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| is_software(path))
        .collect();
    files.sort();
    files.into_iter().next()
}

/// `lvp_icd.x86_64.json` and `lvp_icd.json`; of several architectures, that of this program.
fn is_software(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let rest = name.and_then(|name| name.strip_prefix(SOFTWARE)?.strip_suffix(".json"));
    rest.is_some_and(|rest| rest.is_empty() || rest == format!(".{}", env::consts::ARCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_software_driver_is_told_from_others() {
        let own = format!("lvp_icd.{}.json", env::consts::ARCH);
        for name in ["lvp_icd.json", &own] {
            assert!(is_software(&Path::new("icd.d").join(name)), "{name}");
        }
        for name in [
            "lvp_icd.other.json",
            "radeon_icd.x86_64.json",
            "lvp_icd.json.old",
        ] {
            assert!(!is_software(Path::new(name)), "{name}");
        }
    }
}
