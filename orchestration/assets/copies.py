"""After the last floor: the current publication, where else the settings want it read."""

import dagster as dg

from connectors.copies import follow
from orchestration.assets.publication import KEY as PUBLICATION
from orchestration.settings import Settings
from orchestration.workspace import Workspace

KEY = dg.AssetKey(["copies"])


def copies_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One asset where a copy is asked for, else none."""
    return [copies_asset()] if settings.copied else []


def copies_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        deps=[PUBLICATION],
        group_name="publication",
        kinds={"s3", "deltalake"},
        owners=["team:data-engineering"],
        description="The current publication in a bucket and as Delta tables; they follow `current`, also back.",
        required_resource_keys={"workspace"},
    )
    def copies(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        workspace: Workspace = context.resources.workspace
        done = follow(workspace.data, workspace.settings.copies)
        for sentence in done:
            context.log.info("%s", sentence)
        told = "\n".join(f"- {sentence}" for sentence in done) or "nothing new"
        return dg.MaterializeResult(asset_key=KEY, metadata={"done": dg.MetadataValue.md(told)})

    return copies
