{%- set counted_as_filled = [
    'known_name', 'email', 'phone_e164', 'street', 'postal_code', 'city', 'region', 'country', 'language', 'timezone',
    'customer_since', 'plan',
] -%}

with survivors as (
    select * from {{ ref('int_customer_survivor') }}
),

routes as (
    select * from {{ ref('int_customer_route') }}
),

settings as (
    select max(value) as reporting_currency from {{ source('policy', 'setting') }}
    where name = 'reporting_currency'
),

deals as (
    select * from {{ ref('int_customer_deal') }}
),

cases as (
    select * from {{ ref('int_customer_case') }}
),

activities as (
    select * from {{ ref('int_customer_activity') }}
),

consents as (
    select * from {{ ref('int_customer_consent') }}
),

owners as (
    select * from {{ ref('int_customer_owner') }}
),

confidences as (
    select * from {{ source('identity', 'confidence') }}
),

conflicts as (
    select
        customer_no,
        {{ sorted_set('field') }} as conflict_fields
    from {{ ref('int_contested_value') }}
    where is_conflict
    group by customer_no
),

joined as (
    select
        survivors.customer_id,
        survivors.customer_type,
        survivors.organisation_id,
        survivors.status,
        survivors.display_name as known_name,
        coalesce(survivors.display_name, survivors.email, survivors.phone_e164, survivors.first_record_id) as display_name,
        survivors.given_name,
        survivors.family_name,
        survivors.email,
        survivors.phone_e164,
        survivors.street,
        survivors.postal_code,
        survivors.city,
        survivors.region,
        survivors.country,
        survivors.language,
        survivors.timezone,
        routes.tier,
        routes.tier_reason,
        survivors.plan,
        routes.sla_minutes,
        survivors.customer_since,
        cast(coalesce(deals.lifetime_value, 0) as decimal(18, 2)) as lifetime_value,
        settings.reporting_currency as currency,
        coalesce(deals.open_deals, 0) as open_deals,
        coalesce(cases.open_cases, 0) as open_cases,
        coalesce(cases.cases_90d, 0) as cases_90d,
        cases.last_case_at,
        greatest(survivors.last_activity_at, activities.last_activity_at, cases.last_case_at) as last_contact_at,
        survivors.oldest_source_at,
        coalesce(consents.consent_ai, 'unknown') as consent_ai,
        coalesce(consents.consent_email, 'unknown') as consent_email,
        coalesce(consents.consent_phone, 'unknown') as consent_phone,
        owners.owner_employee_id,
        owners.owner_reason,
        routes.route,
        routes.route_reason,
        survivors.sources,
        coalesce(confidences.match_confidence, 1.0) as match_confidence,
        coalesce(conflicts.conflict_fields, {{ empty_list() }}) as conflict_fields
    from survivors
    cross join settings
    inner join routes
        on survivors.customer_id = routes.customer_id
    inner join owners
        on survivors.customer_id = owners.customer_id
    left join deals
        on survivors.customer_id = deals.customer_id
    left join cases
        on survivors.customer_id = cases.customer_id
    left join activities
        on survivors.customer_id = activities.customer_id
    left join consents
        on survivors.customer_id = consents.customer_id
    left join confidences
        on survivors.customer_id = confidences.customer_id
    left join conflicts
        on survivors.customer_no = conflicts.customer_no
),

routed as (
    select
        *,
        cast({{ length_of('sources') }} as integer) as source_count,
        (
            {% for field in counted_as_filled -%}
            {{ '+ ' if not loop.first }}case when {{ field }} is null then 0 else 1 end
            {% endfor -%}
        ) / {{ counted_as_filled | length }}.0 as completeness
    from joined
),

previous as (
    select * from {{ ref('int_previous_customer') }}
),

compared as (
    select
        routed.*,
        previous.oldest_source_at as previous_oldest_source_at,
        previous.publication as previous_publication,
        previous.customer_id is null or ({{ differs('routed', 'previous') }}) as is_new
    from routed
    left join previous
        on routed.customer_id = previous.customer_id
),

-- a row that says nothing new stays as it was, with the age that its sources had when it last changed
final as (
    select
        customer_id,
        {% for column in compared_columns() -%}
        {% if column == 'oldest_source_at' -%}
        case when is_new then oldest_source_at else previous_oldest_source_at end as oldest_source_at,
        {% else -%}
        {{ column }},
        {% endif -%}
        {% endfor -%}
        case when is_new then {{ this_publication() }} else previous_publication end as publication
    from compared
)

select * from final
