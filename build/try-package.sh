#!/usr/bin/env bash
# Packs the library, restores the package into an empty project outside the repository, and lets it train, save, load and predict.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# A version that nobody else has, so that no package of another run is taken for this one.
version="0.0.0-trial.$(date +%s)"
shared=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: *//')
dotnet pack -c Release src/NullaProp.ML -o "$place/source" -p:Version="$version" --nologo -v q

cp -r test/PackageTrial "$place/project"
# The new package goes to a folder of its own; what others have restored is read where it is.
cat > "$place/project/nuget.config" << CONFIG
<configuration>
  <packageSources>
    <add key="trial" value="$place/source" />
  </packageSources>
  <config>
    <add key="globalPackagesFolder" value="$place/packages" />
  </config>
  <fallbackPackageFolders>
    <add key="shared" value="$shared" />
  </fallbackPackageFolders>
</configuration>
CONFIG
cd "$place/project"
unset NUGET_PACKAGES
dotnet restore -p:TriedVersion="$version" -v q

# What every package must carry; restoring has unpacked it.
package="$place/packages/nullaprop.ml/$version"
for file in README.md icon.png lib/net10.0/NullaProp.ML.dll lib/net10.0/NullaProp.ML.xml buildTransitive/NullaProp.ML.targets; do
    test -f "$package/$file" || { echo "The package has no $file."; exit 1; }
done
test -f "$place/source/NullaProp.ML.$version.snupkg" || { echo "There is no package of symbols."; exit 1; }
if grep -nE '\]\((\.|docs/|src/|[A-Z]+\.md)' "$package/README.md"; then
    echo "The package's README has links that lead nowhere in the gallery."
    exit 1
fi

dotnet run -c Release --no-restore -p:TriedVersion="$version"
