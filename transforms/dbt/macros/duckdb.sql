{# Everything that only DuckDB says in this way. Another engine needs these macros again, and no model. #}

{#- `value` of the row with the smallest `by`, also where that value is null; rows whose `by` is null do not count. -#}
{% macro best(value, by) -%}
    arg_min_null({{ value }}, {{ by }}) filter (where {{ by }} is not null)
{%- endmacro %}


{#- The record with the latest `instant`, of several the one with the smallest key: a structure of key and observed_at. -#}
{% macro latest_record(instant) -%}
    min(struct_pack(
        ago := -epoch_us({{ instant }}), source := source, object := object, record_id := record_id, observed_at := observed_at
    )) filter (where {{ instant }} is not null)
{%- endmacro %}


{% macro sorted_set(value) -%}
    list_sort(list(distinct {{ value }}))
{%- endmacro %}


{% macro has_element(list, value) -%}
    coalesce(list_contains({{ list }}, {{ value }}), false)
{%- endmacro %}


{% macro elements(list) -%}
    unnest({{ list }})
{%- endmacro %}


{#- The whole numbers after `low`, up to `high`, as a list. -#}
{% macro numbers(low, high) -%}
    range({{ low }} + 1, {{ high }} + 1)
{%- endmacro %}


{#- Two texts that differ in case, accents, white space and punctuation only are the same. -#}
{% macro comparable(value) -%}
    nullif(translate(lower(strip_accents({{ value }})), ' .,;:-_/()''"&', ''), '')
{%- endmacro %}


{#- A JSON object as text; `entries` maps keys to expressions, nulls stand in it as null. -#}
{% macro json_of(entries) -%}
    cast(to_json(struct_pack(
        {%- for key, value in entries.items() %}{{ key }} := {{ value }}{{ ', ' if not loop.last }}{% endfor -%}
    )) as varchar)
{%- endmacro %}


{% macro json_value(value) -%}
    coalesce(cast(to_json({{ value }}) as varchar), 'null')
{%- endmacro %}


{#- An instant as JSON, in UTC as RFC 3339 writes it. -#}
{% macro json_instant(value) -%}
    coalesce('"' || strftime({{ value }}, '%Y-%m-%dT%H:%M:%S.%fZ') || '"', 'null')
{%- endmacro %}


{#- A JSON array, as text, of JSON texts in the order of `by`, of the rows where `only` holds. -#}
{% macro json_list(value, by, only='true') -%}
    '[' || string_agg({{ value }}, ',' order by {{ by }}) filter (where {{ only }}) || ']'
{%- endmacro %}


{#- The instant at which a day begins, in UTC (the session's zone, profiles.yml). -#}
{% macro instant(day) -%}
    cast({{ day }} as timestamptz)
{%- endmacro %}


{#- Primary subtag: `de` of `de-AT`. -#}
{% macro primary_language(tag) -%}
    lower(split_part({{ tag }}, '-', 1))
{%- endmacro %}


{% macro day_number(day) -%}
    date_diff('day', date '0001-01-01', {{ day }})
{%- endmacro %}


{#- The list without its nulls; null where nothing is left. -#}
{% macro without_nulls(list) -%}
    nullif(list_filter({{ list }}, lambda entry: entry is not null), [])
{%- endmacro %}


{% macro empty_list() -%}
    cast([] as varchar[])
{%- endmacro %}


{% macro length_of(list) -%}
    len({{ list }})
{%- endmacro %}


{% macro first_of(list) -%}
    {{ list }}[1]
{%- endmacro %}


{#- A value as JSON text; null stays null. -#}
{% macro json_text(value) -%}
    cast(to_json({{ value }}) as varchar)
{%- endmacro %}


{#- An instant as RFC 3339 writes it, in UTC (the session's zone, profiles.yml). -#}
{% macro rfc3339(instant) -%}
    strftime({{ instant }}, '%Y-%m-%dT%H:%M:%SZ')
{%- endmacro %}


{#- Bytes of a text in UTF-8. -#}
{% macro bytes_of(text) -%}
    strlen({{ text }})
{%- endmacro %}


{#- A macro of the database itself, beside the marts: `body` of the rows of a table, view or CTE that its caller names.
    For a post-hook, which is rendered when the project is parsed: `this` would not know its schema yet. -#}
{% macro create_reader_macro(name, body) -%}
    create or replace macro marts.{{ name }}(rows) as table {{ body }} from query_table(rows) as rows
{%- endmacro %}
