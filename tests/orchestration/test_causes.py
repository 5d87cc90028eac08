"""What a run warns of is told once, by the first floor that found it."""

import dagster as dg

from orchestration.causes import causes_of


def asset(key: list[str], deps: list[list[str]], **found: bool) -> dg.AssetsDefinition:
    """An asset whose checks have these names, and passed or warn."""
    specs = [dg.AssetCheckSpec(name, asset=dg.AssetKey(key)) for name in found]

    @dg.asset(key=dg.AssetKey(key), deps=[dg.AssetKey(dep) for dep in deps], check_specs=specs)
    def made() -> dg.MaterializeResult:
        results = [
            dg.AssetCheckResult(
                check_name=name, passed=passed, severity=dg.AssetCheckSeverity.WARN, description=f"{name} of {key[-1]}"
            )
            for name, passed in found.items()
        ]
        return dg.MaterializeResult(check_results=results)

    return made


def test_what_several_floors_check_is_told_by_the_first_that_found_it() -> None:
    exports = asset(["exports", "crm"], [], is_fresh=False, adds_up=True)
    others = asset(["exports", "shop"], [["exports", "crm"]], is_fresh=False, adds_up=False)
    published = asset(["publication"], [["exports", "shop"]], is_fresh=False, customers_stay=False)
    causes = causes_of(dg.materialize([exports, others, published]).all_events)
    assert causes.warnings == (
        "exports/crm · is_fresh: is_fresh of crm",
        "exports/shop · is_fresh: is_fresh of shop",
        "exports/shop · adds_up: adds_up of shop",
        "publication · customers_stay: customers_stay of publication",
    )


def test_a_floor_that_alone_finds_it_tells_it() -> None:
    exports = asset(["exports", "crm"], [], is_fresh=True)
    published = asset(["publication"], [["exports", "crm"]], is_fresh=False)
    causes = causes_of(dg.materialize([exports, published]).all_events)
    assert causes.warnings == ("publication · is_fresh: is_fresh of publication",)
