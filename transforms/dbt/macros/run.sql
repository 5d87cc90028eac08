{# What a run is told: its logical date and the numbers of the publication it makes and of that one's base. #}

{% macro as_of() -%}
    cast('{{ told('as_of') }}' as date)
{%- endmacro %}


{#- The first instant after the logical date: what happens later has not happened yet. -#}
{% macro end_of_as_of() -%}
    cast(cast('{{ told('as_of') }}' as date) + 1 as timestamptz)
{%- endmacro %}


{% macro this_publication() -%}
    cast({{ told('publication_number') }} as bigint)
{%- endmacro %}


{% macro base_publication() -%}
    cast({{ var('base_number') if var('base_number') is not none else 'null' }} as bigint)
{%- endmacro %}


{% macro told(name) -%}
    {%- if execute and var(name) is none -%}
        {{ exceptions.raise_compiler_error("a run must name " ~ name ~ ": --vars '{" ~ name ~ ": …}'") }}
    {%- endif -%}
    {{ var(name) }}
{%- endmacro %}


{#- Schemas are called what they are called: marts, not main_marts. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
