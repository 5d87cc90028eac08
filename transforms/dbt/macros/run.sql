{# What a run is told (transforms/warehouse.py: tell_run): its logical date and the numbers of the publication it makes
and of that one's base. A table, not dbt variables: dbt parses the whole project anew whenever a variable differs. #}

{% macro as_of() -%}
    {{ told('as_of') }}
{%- endmacro %}


{#- The first instant after the logical date: what happens later has not happened yet. -#}
{% macro end_of_as_of() -%}
    cast({{ told('as_of') }} + 1 as timestamptz)
{%- endmacro %}


{% macro this_publication() -%}
    {{ told('publication_number') }}
{%- endmacro %}


{% macro base_publication() -%}
    {{ told('base_number') }}
{%- endmacro %}


{% macro told(name) -%}
    (select {{ name }} from {{ source('run', 'told') }})
{%- endmacro %}


{#- What the run may use, for the whole database. Asked only when it runs: what a parse asks, it holds on to. -#}
{% macro limits() -%}
    {%- if execute -%}
    set memory_limit = '{{ env_var('CONCORD_MEMORY') }}';
    set threads = {{ env_var('CONCORD_THREADS') }};
    set block_allocator_memory = '40%';  -- transforms/sql.py: OWN_BLOCKS
    pragma disable_checkpoint_on_shutdown;
    {%- endif -%}
{%- endmacro %}


{#- Schemas are called what they are called: marts, not main_marts. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
