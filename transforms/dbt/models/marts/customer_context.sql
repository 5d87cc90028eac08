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

customers as (
    select * from {{ ref('customer') }}
),

agents as (
    select * from {{ ref('support_agent') }}
),

recent_cases as (
    select * from {{ ref('int_customer_recent_case') }}
),

told as (
    select
        customers.*,
        organisations.display_name as organisation,
        agents.name as owner,
        recent_cases.recent_cases,
        recent_cases.recent_cases_redacted
    from customers
    left join customers as organisations
        on customers.organisation_id = organisations.customer_id
    left join agents
        on customers.owner_employee_id = agents.employee_id
    left join recent_cases
        on customers.customer_id = recent_cases.customer_id
),

documents as (
    select
        told.*,
        roles.*,
        {{ context_document(120, true) }} as whole
    from told
    cross join roles
),

final as (
    select
        customer_id,
        role,
        case
            when {{ bytes_of('whole') }} <= {{ context_bytes() }} then whole
            when {{ bytes_of(context_document(24, false)) }} <= {{ context_bytes() }} then {{ context_document(24, false) }}
            else {{ context_document(none, false) }}
        end as context
    from documents
)

select * from final
