#!/usr/bin/env bash
# The one build script, for people and for continuous integration. Steps, in the order given (default: format test samples):
#   format   fails where 'dotnet format' would change something
#   test     builds everything and runs the tests
#   samples  runs the quickstart
#   coverage counts the lines of the library that the tests run; fails below the bar in build/coverage
#   pack     makes the NuGet package in artifacts/
#   package  packs, and tries the package in an empty project outside the repository
#   pages    makes the documentation and the pages of the API in artifacts/pages/
# A failing step does not hide the next one's result. The last line counts the tests of this run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export DOTNET_CLI_UI_LANGUAGE=en DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# A build server that outlives the script would keep its caller waiting for the end of the output.
export MSBUILDDISABLENODEREUSE=1

passed=0
failed=0
failures=()
log=$(mktemp)

finish() {
    local status=$?
    rm -f "$log"
    if [ ${#failures[@]} -gt 0 ]; then
        echo "Failed: ${failures[*]}."
        status=1
    fi
    echo "$passed passed, $failed failed"
    exit "$status"
}
trap finish EXIT

require_dotnet_10() {
    if ! command -v dotnet > /dev/null; then
        echo "The .NET 10 SDK is needed, but there is no 'dotnet' on the PATH. Install it from https://dotnet.microsoft.com/download."
        exit 1
    fi
    local version
    version=$(dotnet --version 2> /dev/null || true)
    if [ "${version%%.*}" != 10 ]; then
        echo "The .NET 10 SDK is needed, but 'dotnet --version' says '${version:-nothing}'. Install it from https://dotnet.microsoft.com/download."
        exit 1
    fi
}

# The number behind a word in the last summary of the test run, 0 where there is none: "  succeeded: 12".
summary_number() {
    sed 's/\x1b\[[0-9;]*m//g' "$log" | tr -d '\r' | awk -v word="$1:" '
        /^Test run summary:/ { number = 0; inside = 1 }
        inside && $1 == word { number = $2 }
        END { print number + 0 }'
}

run_tests() {
    local status=0
    dotnet test -c Release 2>&1 | tee "$log" || status=$?
    passed=$(summary_number succeeded)
    # An error is a test program that could not start or ended early.
    failed=$(($(summary_number failed) + $(summary_number error)))
    if [ "$status" -eq 0 ] && [ $((passed + failed)) -eq 0 ]; then
        echo "The test run ended without a summary or without tests."
        status=1
    fi
    return "$status"
}

# The tests run once more, for the counting changes the library. The report names every line that did not run. It needs the paths of the
# sources, which a build on a server ('CI' is 'true') replaces by '/_/': built so, no line would be counted.
measure_coverage() {
    dotnet build -c Release -v q --nologo --no-incremental -p:ContinuousIntegrationBuild=false || return
    dotnet build build/coverage -t:Measure -p:Configuration=Release
}

make_pages() {
    dotnet build -c Release src/NullaProp.ML --nologo -v q || return
    dotnet tool restore || return
    dotnet docfx docs/docfx.json
}

run_step() {
    case $1 in
        format) dotnet format --verify-no-changes ;;
        test) run_tests ;;
        samples) dotnet run -c Release --project src/NullaProp.ML.Samples ;;
        coverage) measure_coverage ;;
        pack) dotnet pack -c Release src/NullaProp.ML -o artifacts ;;
        package) bash build/try-package.sh ;;
        pages) make_pages ;;
        *) echo "There is no step '$1'; the steps are format, test, samples, coverage, pack, package and pages."; return 2 ;;
    esac
}

require_dotnet_10
[ $# -gt 0 ] || set -- format test samples
for step in "$@"; do
    echo "== $step"
    run_step "$step" < /dev/null || failures+=("$step")
done
