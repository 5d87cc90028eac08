{# A mart too large to be written twice: Parquet beside the warehouse file, and a view on it in the warehouse. The
publication takes the file as it is (connectors/publishing.py). For DuckDB alone, like macros/duckdb.sql. #}

{#- `ordered_by` may name columns of the model that are not in its contract: they order the rows and are not written. -#}
{%- materialization parquet, adapter='duckdb' -%}
    {%- set relation = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set file = env_var('CONCORD_WAREHOUSE') | replace('.duckdb', '') ~ '.' ~ this.identifier ~ '.parquet' -%}

    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none and existing.type != 'view' -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {#- First the rows, then their order: the joins' tables and the sort at once are slower, and do not fit into 1 GB. -#}
    {%- call statement('rows') -%}
        {{ get_assert_columns_equivalent('select ' ~ model['columns'] | join(', ') ~ ' from (' ~ sql ~ ')') }}
        create or replace temporary table {{ this.identifier }}__rows as {{ sql }}
    {%- endcall -%}
    {%- call statement('main') -%}
        copy (
            select {{ promised_columns(this.identifier) }}
            from {{ this.identifier }}__rows
            order by {{ config.require('ordered_by') | join(', ') }}
        ) to '{{ file | replace("'", "''") }}' (format parquet, compression zstd, compression_level 1)
    {%- endcall -%}
    {%- call statement('gone') -%}
        drop table {{ this.identifier }}__rows
    {%- endcall -%}
    {%- call statement('view') -%}
        create or replace view {{ relation }} as select * from read_parquet('{{ file | replace("'", "''") }}')
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [relation]}) }}
{%- endmaterialization -%}
