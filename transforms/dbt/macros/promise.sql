{# What a model's contract promises, for materializations that dbt itself does not hold to it. #}

{#- The columns of the model's contract, in its order; a null where it allows none stops the build, as in a table. -#}
{% macro promised_columns(name) -%}
    {%- for column in model['columns'].values() -%}
        {%- if column.name in required_columns() -%}
        coalesce({{ column.name }}, error('NOT NULL constraint failed: {{ name }}.{{ column.name }}')) as {{ column.name }}
        {%- else -%}
        {{ column.name }}
        {%- endif -%}
        {{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- Names of the columns that are never null. -#}
{% macro required_columns() -%}
    {%- set found = [] -%}
    {%- for column in model['columns'].values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list -%}
        {%- do found.append(column.name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
