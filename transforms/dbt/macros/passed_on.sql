{# A mart of rows that already stand in the warehouse: a view on them, under the contract of the model. #}

{%- materialization passed_on, adapter='duckdb' -%}
    {%- set relation = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none and existing.type != 'view' -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ get_assert_columns_equivalent(sql) }}
        create or replace view {{ relation }} as select {{ promised_columns(this.identifier) }} from ({{ sql }})
    {%- endcall -%}
    {#- Asking for each column is what breaks where one has a null. -#}
    {%- call statement('kept') -%}
        select count(*) from {{ relation }} where {{ required_columns() | join(' is null or ') }} is null
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [relation]}) }}
{%- endmaterialization -%}
