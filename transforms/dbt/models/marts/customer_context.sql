-- One document per customer and role of roles.yaml that asks for one. It follows from the customer's row, so it changes
-- only with it. Where it would be too long, lists go and texts are cut at 24 characters; where that is not enough, texts go.
with roles as (
    select
        role,
        {% for field in context_fields() -%}
        bool_or(field = '{{ field }}') as shows_{{ field }},
        {% endfor -%}
        bool_or(is_masked) as is_masked
    from {{ source('policy', 'context_field') }}
    group by role
),

agents as (
    select * from {{ ref('support_agent') }}
),

recent_cases as (
    select * from {{ ref('int_customer_recent_case') }}
),

customers as (
    select
        customers.*,
        organisations.display_name as organisation,
        agents.name as owner,
        recent_cases.recent_cases,
        recent_cases.recent_cases_redacted
    from {{ ref('customer') }} as customers
    left join {{ ref('customer') }} as organisations
        on customers.organisation_id = organisations.customer_id
    left join agents
        on customers.owner_employee_id = agents.employee_id
    left join recent_cases
        on customers.customer_id = recent_cases.customer_id
),

-- written once per customer, not once per role
entries as (
    select
        *,
        {% for field in masked_fields() -%}
        {{ context_entry(field, 120, true) }} as masked_{{ field }}_entry,
        {% endfor -%}
        {% for field in context_fields() -%}
        {{ context_entry(field, 120, false) }} as {{ field }}_entry,
        {% endfor -%}
        {{ context_head() }} as head
    from customers
),

whole as (
    select
        entries.*,
        roles.*,
        '{' || concat_ws(
            ',',
            entries.head,
            {% for field in context_fields() -%}
            case
                when not roles.shows_{{ field }} then null
                {% if field in masked_fields() -%}
                when roles.is_masked then entries.masked_{{ field }}_entry
                {% endif -%}
                else entries.{{ field }}_entry
            end{{ ',' if not loop.last }}
            {% endfor -%}
        ) || '}' as context
    from entries
    cross join roles
),

final as (
    select
        customer_id,
        role,
        case
            when {{ bytes_of('context') }} <= {{ context_bytes() }} then context
            when {{ bytes_of(context_shortened(24)) }} <= {{ context_bytes() }} then {{ context_shortened(24) }}
            else {{ context_shortened(none) }}
        end as context
    from whole
)

select * from final
